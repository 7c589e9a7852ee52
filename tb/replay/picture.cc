// SPDX-License-Identifier: Apache-2.0
#include "replay/picture.h"

#include <fmt/format.h>

namespace actplane::tb {

std::string ReplayScript(const std::string& title, const ReplayResult& plain,
                         const std::vector<ReplayRow>& rows) {
  // Both ways of the activations: what moves without a memory path.
  const auto share = [](double part, double whole) { return whole > 0 ? 100 * part / whole : 0; };
  std::string data = "$rows << EOD\n";
  for (const ReplayRow& row : rows) {
    const ReplayResult& r = row.result;
    const auto payload = static_cast<double>(r.payload_bytes);
    data += fmt::format(
        "\"{}\\nT = {}\" {} {} {} {}\n", row.name, row.slot,
        share(static_cast<double>(r.slot_bytes), payload),
        share(static_cast<double>(r.slot_dram_bytes), payload),
        share(static_cast<double>(r.footprint_bytes), static_cast<double>(plain.footprint_bytes)),
        share(r.seconds, plain.seconds));
  }
  return data +
         fmt::format(
             "EOD\n"
             "set title \"{}\" noenhanced\n"
             "set style data histogram\nset style histogram cluster gap 1\n"
             "set style fill solid border rgb 'white'\nset boxwidth 1\n"
             "set ylabel 'of the step as it is, %'\nset xlabel 'ratio, slot in bytes' offset 0,-1\n"
             "set yrange [0:100<*]\nset xrange [-0.7:{:.1f}]\nunset grid\nset grid ytics lc rgb "
             "'#dddddd'\n"
             "set key outside bottom center horizontal samplen 2\nset xtics nomirror\n"
             "plot $rows using 2:xtic(1) title 'slots of activations' lc rgb '#9ecae1', "
             "'' using 3 title 'the same in whole bursts' lc rgb '#3182bd', "
             "'' using 4 title 'footprint of all' lc rgb '#fdae6b', "
             "'' using 5 title 'time of the step' lc rgb '#636363'\n",
             title, static_cast<double>(rows.size()) - 0.3);
}

}  // namespace actplane::tb
