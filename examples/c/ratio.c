/* SPDX-License-Identifier: Apache-2.0 */
/* Compresses an array of floats at ratio 8, or that of the first argument, and says what is lost.
 */
#include <actplane.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#define COUNT 1000000

/* About normal: the sum of twelve numbers of a generator that is the same everywhere. */
static float next_value(void) {
  static uint32_t state = 1;
  double sum = -6;
  int i;
  for (i = 0; i < 12; ++i) {
    state = state * 1664525u + 1013904223u;
    sum += state / 4294967296.0;
  }
  return (float)sum;
}

static int fail(void) {
  fprintf(stderr, "actplane: %s\n", actplane_last_error());
  return 1;
}

int main(int argc, char** argv) {
  const double ratio = argc > 1 ? atof(argv[1]) : 8;
  actplane_config config;
  uint64_t room, bytes, malformed;
  float *values, *back;
  void* slots;
  double signal = 0, noise = 0;
  int i;

  actplane_config_init(&config);
  if (actplane_config_set_ratio(&config, ratio) != ACTPLANE_OK) return fail();
  if (actplane_slots_bytes(&config, COUNT, &room) != ACTPLANE_OK) return fail();

  values = malloc(COUNT * sizeof(float));
  back = malloc(COUNT * sizeof(float));
  slots = malloc(room);
  if (values == NULL || back == NULL || slots == NULL) return 1;
  for (i = 0; i < COUNT; ++i) values[i] = next_value();

  if (actplane_compress(&config, values, COUNT, slots, room, &bytes, NULL) != ACTPLANE_OK) {
    return fail();
  }
  if (actplane_decompress(&config, slots, bytes, NULL, back, COUNT, &malformed) != ACTPLANE_OK) {
    return fail();
  }

  for (i = 0; i < COUNT; ++i) {
    const double error = (double)values[i] - back[i];
    signal += (double)values[i] * values[i];
    noise += error * error;
  }
  printf("%d bytes in %lu, ratio %.2f, SNR %.2f dB\n", COUNT * (int)sizeof(float),
         (unsigned long)bytes, COUNT * sizeof(float) / (double)bytes, 10 * log10(signal / noise));
  free(values);
  free(back);
  free(slots);
  return 0;
}
