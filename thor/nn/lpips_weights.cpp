// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "thor/base/error.h"
#include "thor/nn/perceptual.h"

namespace thor {
namespace {

void add_conv(ShapeList& shapes, const std::string& name, int64_t in, int64_t out, int64_t kernel) {
  shapes["net.features." + name + ".weight"] = {out, in, kernel, kernel};
  shapes["net.features." + name + ".bias"] = {out};
}

void add_heads(ShapeList& shapes, const std::vector<int64_t>& channels) {
  for (size_t i = 0; i < channels.size(); ++i) shapes[fmt::format("lin{}.model.1.weight", i)] = {1, channels[i], 1, 1};
}

ShapeList squeeze_shapes() {
  ShapeList shapes;
  add_conv(shapes, "0", 3, 64, 3);
  struct Fire {
    int64_t index, in, squeezed, expanded;
  };
  for (const auto& f :
       {Fire{3, 64, 16, 64}, Fire{4, 128, 16, 64}, Fire{6, 128, 32, 128}, Fire{7, 256, 32, 128}, Fire{9, 256, 48, 192},
        Fire{10, 384, 48, 192}, Fire{11, 384, 64, 256}, Fire{12, 512, 64, 256}}) {
    const std::string name = std::to_string(f.index);
    add_conv(shapes, name + ".squeeze", f.in, f.squeezed, 1);
    add_conv(shapes, name + ".expand1x1", f.squeezed, f.expanded, 1);
    add_conv(shapes, name + ".expand3x3", f.squeezed, f.expanded, 3);
  }
  add_heads(shapes, {64, 128, 256, 384, 384, 512, 512});
  return shapes;
}

ShapeList alex_shapes() {
  ShapeList shapes;
  add_conv(shapes, "0", 3, 64, 11);
  add_conv(shapes, "3", 64, 192, 5);
  add_conv(shapes, "6", 192, 384, 3);
  add_conv(shapes, "8", 384, 256, 3);
  add_conv(shapes, "10", 256, 256, 3);
  add_heads(shapes, {64, 192, 384, 256, 256});
  return shapes;
}

}  // namespace

ShapeList lpips_shapes(LpipsNet net) { return net == LpipsNet::Squeeze ? squeeze_shapes() : alex_shapes(); }

StateDict to_lpips_names(const StateDict& state) {
  StateDict renamed;
  for (const auto& [name, tensor] : state) {
    std::string ours = name;
    if (starts_with(name, "classifier.") || starts_with(name, "scaling_layer.") || starts_with(name, "lins.")) continue;
    if (starts_with(name, "features.")) ours = "net." + name;
    // net.slice4.9.squeeze.weight: within its slice a layer keeps torchvision's number
    if (starts_with(name, "net.slice"))
      ours = "net.features." + name.substr(std::min(name.size(), name.find('.', sizeof "net.slice" - 1) + 1));
    if (!renamed.emplace(ours, tensor).second) fail_input("the file has two tensors that both mean '{}'", ours);
  }
  return renamed;
}

}  // namespace thor
