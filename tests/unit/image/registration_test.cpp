// SPDX-License-Identifier: Apache-2.0
#include "thor/image/register/registration.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>

#include "tests/said.h"
#include "tests/unit/image/pictures.h"
#include "thor/image/outline.h"
#include "thor/image/register/minimize.h"
#include "thor/image/register/mutual_information.h"
#include "thor/image/register/transform.h"
#include "thor/image/resample.h"

namespace thor::test {
namespace {

using testing::HasSubstr;
namespace fs = std::filesystem;

/// A head of 3 mm without symmetry: skull, brain, two ventricles of different size, a cerebellum, eyes.
Image phantom_head() {
  const int64_t side = 60;
  const Tensor line = at::arange(side, at::kFloat) * 3 - 88.5;  // mm
  const auto ellipsoid = [&](Point3 centre, Point3 radius) {
    const Tensor x = (line.view({1, 1, -1}) - centre[0]) / radius[0],
                 y = (line.view({1, -1, 1}) - centre[1]) / radius[1],
                 z = (line.view({-1, 1, 1}) - centre[2]) / radius[2];
    return (x * x + y * y + z * z) < 1;
  };
  Tensor v = at::zeros({side, side, side});
  v.masked_fill_(ellipsoid({0, 0, 0}, {72, 86, 74}), 200).masked_fill_(ellipsoid({0, 0, 0}, {66, 80, 68}), 30);
  v.masked_fill_(ellipsoid({0, 0, 0}, {62, 76, 64}), 110).masked_fill_(ellipsoid({0, -4, 2}, {50, 62, 50}), 150);
  v.masked_fill_(ellipsoid({-12, 5, 8}, {7, 28, 10}), 40).masked_fill_(ellipsoid({13, 0, 8}, {9, 22, 12}), 40);
  v.masked_fill_(ellipsoid({28, 34, -16}, {12, 10, 9}), 90).masked_fill_(ellipsoid({-20, -46, -30}, {18, 12, 12}), 120);
  v.masked_fill_(ellipsoid({0, -40, -44}, {40, 26, 18}), 60);
  v.masked_fill_(ellipsoid({-30, 88, -20}, {13, 13, 13}), 180)
      .masked_fill_(ellipsoid({30, 88, -20}, {13, 13, 13}), 180);
  Image head;
  head.voxels = v;
  head.geometry.ras_from_voxel = translation({-88.5, -88.5, -88.5}) * scaling({3, 3, 3});
  return head;
}

/// Turned by about 10 degrees, shifted by centimetres; where `affine`, stretched and sheared too.
Affine disturbance(bool affine) {
  const Transform rigid{{}, false}, linear{{}, true};
  const std::vector<double> x{9, -7, 11, 14, -21, 17};
  if (!affine) return rigid.map_of(x);
  std::vector<double> all = Transform::affine_from_rigid(x);
  const std::vector<double> more{4, 2, 0, -1, -4, 2, 0, 3, 3};
  for (size_t i = 0; i < 9; ++i) all[i] += more[i];
  return linear.map_of(all);
}

/// Largest distance of where two maps take the corners and the centre of a brain, mm.
double farthest(const Affine& a, const Affine& b) {
  double most = 0;
  for (const double x : {-60.0, 0.0, 60.0})
    for (const double y : {-70.0, 0.0, 70.0})
      for (const double z : {-45.0, 0.0, 60.0}) {
        const Point3 p = a({x, y, z}), q = b({x, y, z});
        most = std::max(most, std::hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]));
      }
  return most;
}

/// The head moved by `map` and seen on a grid of its own: tilted, with thick slices, other intensities.
Image moved(const Image& head, const Affine& map) {
  Image scan;
  const Grid grid{{88, 92, 44}, map * translation({-96, -104, -96}) * scaling({2.2, 2.3, 4.5})};
  scan.geometry.ras_from_voxel = grid.ras_from_voxel;
  scan.voxels = 900 - 3 * resample(head.voxels, head.geometry.ras_from_voxel, grid, {inverse(map)});
  return scan;
}

TEST(Registration, RecoversARigidMotionOfAPhantom) {
  const Image head = phantom_head();
  RegistrationOptions options;
  options.affine = false;
  const Affine truth = disturbance(false);
  const Registration found = register_to(moved(head, truth), head, {}, options);
  EXPECT_LT(farthest(found.scan_from_template, truth), 1);
  EXPECT_GT(found.similarity, found.similarity_before + 0.1);
}

TEST(Registration, RecoversStretchAndShearFromAShearedGrid) {
  const Image head = phantom_head();
  const Affine truth = disturbance(true);
  EXPECT_LT(farthest(register_to(moved(head, truth), head).scan_from_template, truth), 1.5);
}

TEST(Registration, FindsAHeadWhoseSlicesAreThinnerThanItsFileSays) {
  const Image head = phantom_head();
  Affine squashed = disturbance(false);
  squashed = squashed * scaling({1, 1, 0.65});
  const Registration found = register_to(moved(head, squashed), head);
  EXPECT_LT(farthest(found.scan_from_template, squashed), 3);
}

TEST(Registration, LooksOnlyWhereTheMaskIs) {
  const Image head = phantom_head();
  Image stripped = head;
  const Tensor brain = at::zeros_like(head.voxels);
  brain.slice(0, 10, 50).slice(1, 8, 52).slice(2, 12, 48).fill_(1);
  stripped.voxels = at::where(brain > 0, head.voxels, at::rand_like(head.voxels) * 300);
  const Affine truth = disturbance(false);
  EXPECT_LT(farthest(register_to(moved(head, truth), stripped, brain).scan_from_template, truth), 2);
}

TEST(Registration, WarnsWhereTheScanHardlyLooksLikeTheTemplate) {
  const Image head = phantom_head();
  const Tensor brain = at::zeros_like(head.voxels);
  brain.slice(0, 14, 46).slice(1, 14, 46).slice(2, 18, 42).fill_(1);
  RegistrationOptions options;
  options.affine = false;
  options.iterations = 20;
  Image noise = head;
  noise.path = "noise.nii";
  noise.voxels = at::rand_like(head.voxels) * 50 + 100;
  const Said said;
  EXPECT_GE(register_to(moved(head, disturbance(false)), head, brain, options).similarity, kDoubtfulSimilarity);
  EXPECT_EQ(said.warnings(), "");
  EXPECT_LT(register_to(noise, head, brain, options).similarity, kDoubtfulSimilarity);
  EXPECT_THAT(said.warnings(), HasSubstr("'noise.nii' is probably not registered"));
}

TEST(Registration, SaysWhetherTheTemplatesBrightTissueIsBrightInTheScan) {
  Image head = phantom_head();
  head.voxels.slice(0, 30, 46).masked_fill_(head.voxels.slice(0, 30, 46).eq(150), 190);  // the upper half is bright
  const Tensor brain = at::zeros_like(head.voxels);
  brain.slice(0, 14, 46).slice(1, 14, 46).slice(2, 18, 42).fill_(1);
  Image inverted = head;
  inverted.voxels = 255 - head.voxels;
  const Registration same = register_to(head, head, brain), turned = register_to(inverted, head, brain);
  ASSERT_LT(farthest(same.scan_from_template, {}), 3);
  ASSERT_LT(farthest(turned.scan_from_template, {}), 3);
  EXPECT_GT(same.contrast, 0.15);
  EXPECT_LT(turned.contrast, -0.15);
}

TEST(Registration, IsTheSameOnOneThreadAndOnTwo) {
  const Image head = phantom_head(), scan = moved(head, disturbance(true));
  RegistrationOptions options;
  options.iterations = 5;
  const int threads = at::get_num_threads();
  at::set_num_threads(1);
  const Registration one = register_to(scan, head, {}, options);
  at::set_num_threads(2);
  const Registration two = register_to(scan, head, {}, options);
  at::set_num_threads(threads);
  EXPECT_EQ(one.scan_from_template, two.scan_from_template);
  EXPECT_EQ(one.similarity, two.similarity);
}

TEST(Registration, SaysWhatIsWrongWithAScan) {
  const Image head = phantom_head();
  Image scan = head;
  scan.voxels = at::ones({20, 20, 20});
  EXPECT_THAT(story_of([&] { register_to(scan, head); }), HasSubstr("contrast"));
  scan.voxels = at::rand({1, 20, 20});
  EXPECT_THAT(story_of([&] { register_to(scan, head); }), HasSubstr("too few"));
  EXPECT_THAT(story_of([&] { register_to(head, head, at::ones({2, 2, 2})); }), HasSubstr("mask"));
  EXPECT_THAT(story_of([&] { register_to(head, head, at::zeros_like(head.voxels)); }), HasSubstr("empty"));
}

// A rotation and a stretch of a real head in its header alone, so that the truth is known everywhere.
TEST(Registration, OfColin27ToMniForgetsHowTheHeadLay) {
  const std::string folder = shared_dir() + "/data/brain-volumes/";
  if (!fs::exists(folder + "colin27_t1_skull.nii.gz")) GTEST_SKIP() << "no brain volumes at " << folder;
  const Image colin = read_scan(folder + "colin27_t1_skull.nii.gz");
  const Image mni = read_scan(folder + "MNI152_2009_template.nii.gz");
  const Tensor brain = mni.voxels > 0;
  RegistrationOptions options;
  options.sampled = 0.05;
  Image laid = colin;
  laid.geometry.ras_from_voxel = disturbance(true) * colin.geometry.ras_from_voxel;
  const Registration straight = register_to(colin, mni, brain, options), other = register_to(laid, mni, brain, options);
  EXPECT_LT(farthest(inverse(disturbance(true)) * other.scan_from_template, straight.scan_from_template), 1);
  // Colin27 was brought to MNI space by its makers.
  EXPECT_LT(farthest(straight.scan_from_template, Affine{}), 8);
}

TEST(MutualInformation, HasTheGradientOfItsValue) {
  const Image head = phantom_head();
  TemplateSamples samples;
  const Tensor flat = head.voxels.flatten();
  for (int64_t i = 0; i < flat.numel(); i += 41) {
    samples.places.push_back(head.geometry.ras_from_voxel(
        {static_cast<double>(i % 60), static_cast<double>(i / 60 % 60), static_cast<double>(i / 3600)}));
    samples.bins.push_back(static_cast<uint8_t>(flat[i].item<float>() / 5));
  }
  const Image scan = moved(head, disturbance(false));
  const MutualInformation similarity(samples, scan.voxels, scan.geometry.ras_from_voxel, {200, 950});
  for (const bool affine : {false, true}) {
    const Transform transform{{3, -2, 5}, affine};
    std::vector<double> x(transform.parameters());
    for (size_t i = 0; i < x.size(); ++i) x[i] = 0.7 * static_cast<double>(i % 4) - 1;
    const std::vector<double> gradient = transform.gradient(x, similarity.at(transform.map_of(x)).gradient);
    for (size_t i = 0; i < x.size(); ++i) {
      constexpr double kStep = 1e-3;
      std::vector<double> more = x, less = x;
      more[i] += kStep, less[i] -= kStep;
      const double slope =
          (similarity.at(transform.map_of(more)).nats - similarity.at(transform.map_of(less)).nats) / (2 * kStep);
      EXPECT_NEAR(gradient[i], slope, 2e-4 + 0.05 * std::abs(slope)) << i << (affine ? " affine" : " rigid");
    }
  }
}

TEST(MutualInformation, OfAnImageWithItselfIsMostWhereItLies) {
  const Image head = phantom_head();
  const Registration still = register_to(head, head);
  EXPECT_LT(farthest(still.scan_from_template, Affine{}), 0.5);
}

TEST(Minimize, FindsTheValleyOfRosenbrock) {
  std::vector<double> x{-1.2, 1};
  const double value = minimize(
      [](const std::vector<double>& p, std::vector<double>& gradient) {
        const double a = 1 - p[0], b = p[1] - p[0] * p[0];
        gradient = {-2 * a - 400 * p[0] * b, 200 * b};
        return a * a + 100 * b * b;
      },
      x, {200, 1, 1e-7});
  EXPECT_LT(value, 1e-8);
  EXPECT_NEAR(x[0], 1, 1e-3);
}

TEST(Minimize, NeverLeavesWhereTheFunctionIsFinite) {
  std::vector<double> x{3};
  minimize(
      [](const std::vector<double>& p, std::vector<double>& gradient) {
        gradient = {1};
        return p[0] < 1 ? std::numeric_limits<double>::infinity() : p[0];
      },
      x, {100, 1, 1e-4});
  EXPECT_GE(x[0], 1);
  EXPECT_LT(x[0], 1.01);
}

TEST(Outline, RunsAlongTheBorderOfTheReferenceAndKeepsTheRest) {
  const Tensor image = at::full({9, 9}, 0.5), reference = at::zeros({9, 9});
  reference.slice(0, 2, 7).slice(1, 2, 7).fill_(1);
  const Tensor picture = outlined(image, reference);
  Tensor border = reference.clone();
  border.slice(0, 3, 6).slice(1, 3, 6).fill_(0);
  EXPECT_TRUE(at::equal((picture[0] != picture[1]).to(at::kFloat), border));
  EXPECT_TRUE((picture.masked_select(border == 0) == 0.5f).all().item<bool>());
}

}  // namespace
}  // namespace thor::test
