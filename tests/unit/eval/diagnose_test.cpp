// SPDX-License-Identifier: Apache-2.0
#include "thor/eval/diagnose.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>

#include "tests/support.h"
#include "tests/unit/pipeline/tiny_model.h"
#include "thor/base/error.h"
#include "thor/image/image.h"

namespace thor {
namespace {

TEST(Diagnosis, CorrelationIsPearsons) {
  const Tensor a = at::tensor({1.0f, 2.0f, 3.0f, 4.0f}), b = at::tensor({1.0f, 3.0f, 2.0f, 4.0f});
  EXPECT_NEAR(map_correlation(a, 2 * a + 1), 1, 1e-12);
  EXPECT_NEAR(map_correlation(a, -a), -1, 1e-12);
  EXPECT_NEAR(map_correlation(a, b), 0.8, 1e-12);
  EXPECT_TRUE(std::isnan(map_correlation(a, at::ones({4}))));
}

TEST(Diagnosis, ComparesSeedsAndStartStepsOverAllImages) {
  const test::TemporaryFolder folder;
  DiagnoseRequest request;
  for (const char* name : {"a.png", "b.png"}) {
    write_png(folder / name, 0.5 + 0.5 * at::sin(at::arange(256, at::kFloat) * 0.05 + name[0]).view({16, 16}), 8);
    request.rows.push_back({folder / name, "", "", name, 0});
  }
  request.detector = "ddpm";
  request.sets = {"detector.start_step=20"};
  request.seeds = 3;
  const Diagnosis diagnosis = diagnose(test::tiny_model(), request, test::on_cpu());
  EXPECT_EQ(diagnosis.images, 2);
  ASSERT_EQ(diagnosis.figures.size(), 5u);
  EXPECT_EQ(diagnosis.figures[0].compared, 6);  // images times seeds
  EXPECT_EQ(diagnosis.figures[1].compared, 6);  // images times pairs of seeds
  EXPECT_LT(diagnosis.figures[1].worst, 0.999);
  EXPECT_EQ(diagnosis.figures[2].compared, 2);
  EXPECT_GT(diagnosis.figures[2].mean, 0);
  EXPECT_EQ(diagnosis.figures[3].what, "map correlation, start 20 and 18");
  EXPECT_EQ(diagnosis.figures[4].what, "map correlation, start 20 and 22");
  EXPECT_THAT(diagnosis.table(), ::testing::HasSubstr("2 images, 3 seeds"));
  request.seeds = 1;
  EXPECT_THROW(diagnose(test::tiny_model(), request, test::on_cpu()), Error);
}

}  // namespace
}  // namespace thor
