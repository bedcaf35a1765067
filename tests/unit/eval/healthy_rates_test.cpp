// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/healthy_rates.h"

#include <gtest/gtest.h>

#include "tests/support.h"
#include "thor/base/error.h"
#include "thor/base/file.h"
#include "thor/base/random.h"

namespace thor {
namespace {

std::vector<std::vector<double>> scans(int64_t count) {
  std::vector<std::vector<double>> quantiles;
  Random random({3, 0, 0, Purpose::Sample, 0});
  for (int64_t i = 0; i < count; ++i) {
    const double size = random.uniform();
    quantiles.push_back({size, 2 * size});
  }
  return quantiles;
}

TEST(SiteDraws, ExceedTheirThresholdAsOftenAsOrderStatisticsSay) {
  for (const int64_t n : {5, 9, 19}) {
    const SiteDraws site = draw_sites(scans(60), n, 400, 0);
    EXPECT_EQ(site.scans, n);
    EXPECT_DOUBLE_EQ(site.bound, 1.0 / static_cast<double>(n + 1));
    ASSERT_EQ(site.exceeded.size(), 2u);
    EXPECT_NEAR(site.exceeded[0], site.bound, 0.25 * site.bound);
    EXPECT_DOUBLE_EQ(site.exceeded[0], site.exceeded[1]) << "the order is the same at both rates";
  }
}

TEST(SiteDraws, AreNotMadeFromTooFewScansAndDependOnTheSeedAlone) {
  EXPECT_EQ(draw_sites(scans(5), 5, 10, 0).scans, 0);
  EXPECT_EQ(draw_sites(scans(30), 5, 10, 1).exceeded, draw_sites(scans(30), 5, 10, 1).exceeded);
  EXPECT_NE(draw_sites(scans(30), 5, 10, 1).exceeded, draw_sites(scans(30), 5, 10, 2).exceeded);
}

TEST(HealthyRates, AreConfiguredByAFileWhosePathsStartAtItsFolder) {
  const test::TemporaryFolder folder;
  const std::string path = folder / "rates.yaml";
  write_text_atomically(path,
                        "models: [{name: a, file: a.safetensors}]\nsets: [{name: own, scans: own.csv}]\ndraws: 7\n");
  const HealthyRatesConfig config = load_healthy_rates(path);
  EXPECT_EQ(config.models[0].file, folder / "a.safetensors");
  EXPECT_EQ(config.sets[0].scans, folder / "own.csv");
  EXPECT_EQ(config.draws, 7);
  write_text_atomically(path, "models: [{name: a, file: a.safetensors}]\n");
  EXPECT_THROW(load_healthy_rates(path), Error);
}

TEST(HealthyRates, StandInTheTableWithTheirIntervals) {
  HealthyRatesResult result;
  result.config.rates = {0.01};
  HealthyRates row;
  row.model = "a";
  row.set = "own";
  row.scans = row.slices = 30;
  row.realized = {{0.01, 0.0125, 0.01, 0.015}};
  row.raw = {{0.01, 0.03, 0.02, 0.04}};
  row.lesions = {{1, 0.75, 0.5, 1.25}};
  row.sites = {draw_sites(scans(30), 5, 10, 0)};
  row.sites[0].exceeded.resize(1);
  result.rows = {row};
  EXPECT_NE(result.table().find("| a | own | 30 (30) | 1.25 [1, 1.5] (3) |"), std::string::npos) << result.table();
  EXPECT_NE(result.table().find("| a | own | - | 0.75 [0.50, 1.25] | - |"), std::string::npos) << result.table();
  EXPECT_NE(result.table().find("| a | own | 5 | 16.7 |"), std::string::npos) << result.table();
}

}  // namespace
}  // namespace thor
