/* SPDX-License-Identifier: Apache-2.0 */
/* The installed library from C99: every function of the header, a round trip, a complaint. */
#include <actplane.h>
#include <stdio.h>
#include <string.h>

#define COUNT 1000

static float values[COUNT], back[COUNT];
static unsigned char slots[8192];
static uint32_t boundaries[COUNT / 32 + 2];

#define REQUIRE(condition)                                                                      \
  if (!(condition)) {                                                                           \
    printf("line %d: %s; the library says: %s\n", __LINE__, #condition, actplane_last_error()); \
    return 1;                                                                                   \
  }

int main(void) {
  actplane_config config;
  uint64_t room = 0, bytes = 0, malformed = 1;
  int i;
  for (i = 0; i < COUNT; ++i) values[i] = (float)i;

  REQUIRE(actplane_abi_version() == ACTPLANE_ABI_VERSION);
  actplane_config_init(&config);
  REQUIRE(config.size == sizeof config);
  REQUIRE(actplane_config_set_ratio(&config, 0.5) == ACTPLANE_INVALID_CONFIG);
  REQUIRE(actplane_last_error()[0] != '\0');
  REQUIRE(actplane_config_set_ratio(&config, 3.2) == ACTPLANE_OK);
  REQUIRE(actplane_last_error()[0] == '\0');
  REQUIRE(actplane_slots_bytes(&config, COUNT, &room) == ACTPLANE_OK);
  REQUIRE(room == 8 * 160);
  REQUIRE(actplane_compress(&config, values, COUNT, slots, room, &bytes, NULL) == ACTPLANE_OK);
  REQUIRE(bytes == room);
  REQUIRE(actplane_decompress(&config, slots, bytes, NULL, back, COUNT, &malformed) == ACTPLANE_OK);
  REQUIRE(malformed == 0);
  REQUIRE(back[999] > 998 && back[999] < 1000);

  config.order = ACTPLANE_FIELD;
  config.lossless = 1;
  REQUIRE(actplane_slots_bytes(&config, COUNT, &room) == ACTPLANE_OK);
  REQUIRE(room <= sizeof slots);
  REQUIRE(actplane_compress(&config, values, COUNT, slots, room, &bytes, boundaries) ==
          ACTPLANE_OK);
  REQUIRE(bytes == boundaries[8]);
  memset(back, 0, sizeof back);
  REQUIRE(actplane_decompress(&config, slots, bytes, boundaries, back, COUNT, NULL) == ACTPLANE_OK);
  REQUIRE(memcmp(values, back, sizeof back) == 0);

  printf("libactplane %s, format %u: %u bytes in, %u lossless, the same out\n", actplane_version(),
         (unsigned)actplane_format_version(), (unsigned)sizeof values, (unsigned)bytes);
  return 0;
}
