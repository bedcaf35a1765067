// SPDX-License-Identifier: Apache-2.0
// A device that stands in for a GPU where there is none: its tensors have no memory that could be read, every operator
// is computed by the CPU behind its back, and what a GPU would refuse is refused: tensors of two devices in one
// operator, and pointers to values. What would make a GPU wait is counted.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>
#include <torch/library.h>

#include <string>
#include <vector>

namespace thor::test {

/// Holds what it hides; has no storage, so data_ptr() throws.
class HiddenTensor : public c10::TensorImpl {
 public:
  explicit HiddenTensor(const at::Tensor& inner)
      : TensorImpl(c10::DispatchKeySet(c10::DispatchKey::PrivateUse1), inner.dtype(),
                   at::Device(at::DeviceType::PrivateUse1, 0)),
        inner_(inner) {
    refresh();
  }
  /// What was written into may have another size.
  void refresh() {
    set_sizes_and_strides(inner_.sizes(), inner_.strides());
    set_storage_offset(inner_.storage_offset());
  }
  const at::Tensor& inner() const { return inner_; }

 private:
  at::Tensor inner_;
};

inline at::Tensor hidden(const at::Tensor& tensor) { return at::detail::make_tensor<HiddenTensor>(tensor); }
inline bool is_hidden(const at::Tensor& tensor) {
  return tensor.defined() && tensor.device().type() == at::DeviceType::PrivateUse1;
}
inline at::Tensor revealed(const at::Tensor& tensor) {
  return is_hidden(tensor) ? static_cast<HiddenTensor*>(tensor.unsafeGetTensorImpl())->inner() : tensor;
}

/// The device, as long as this lives. One at a time.
class HiddenDevice {
 public:
  HiddenDevice()
      : all_(torch::Library::IMPL, "_", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__),
        some_(torch::Library::IMPL, "aten", c10::DispatchKey::PrivateUse1, __FILE__, __LINE__) {
    static const c10::impl::NoOpDeviceGuardImpl<at::DeviceType::PrivateUse1> guard;
    static const c10::impl::DeviceGuardImplRegistrar registrar(at::DeviceType::PrivateUse1, &guard);
    all_.fallback(torch::CppFunction::makeFromBoxedFunction<&HiddenDevice::compute>());
    // Written for every device, and reaching for the storage.
    for (const char* name : {"as_strided_", "_unsafe_view"})
      some_.impl(name, torch::CppFunction::makeFromBoxedFunction<&HiddenDevice::compute>());
    some_.impl("convolution_overrideable", torch::CppFunction::makeFromBoxedFunction<&HiddenDevice::convolve>());
    reads() = 0;
  }
  /// How often a value was brought back to the CPU.
  static int64_t& reads() {
    static int64_t count = 0;
    return count;
  }

 private:
  static void compute(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
    const auto& schema = op.schema();
    const std::string name = schema.name();
    const size_t first = stack->size() - schema.arguments().size();
    const std::vector<c10::IValue> given(stack->begin() + static_cast<std::ptrdiff_t>(first), stack->end());
    if (name == "aten::_copy_from") return copy(given, stack);
    if (name == "aten::_local_scalar_dense" || name == "aten::nonzero") ++reads();
    bool result_hidden = true;
    for (size_t i = first; i < stack->size(); ++i) {
      c10::IValue& value = (*stack)[i];
      if (value.isDevice()) {
        result_hidden = value.toDevice().type() == at::DeviceType::PrivateUse1;
        value = at::Device(at::kCPU);
      } else {
        value = argument(name, value);
      }
    }
    op.callBoxed(stack);
    if (!result_hidden) ++reads();
    const size_t results = stack->size() - schema.returns().size();
    for (size_t r = 0; r < schema.returns().size(); ++r) {
      c10::IValue& value = (*stack)[results + r];
      if (const auto* alias = schema.returns()[r].alias_info(); alias && alias->isWrite())
        value = written(schema, given, *alias);
      else if (result_hidden)
        value = covered(value);
    }
  }

  static void convolve(const c10::OperatorHandle&, torch::jit::Stack* stack) {
    constexpr size_t kArguments = 9;
    const std::vector<c10::IValue> a(stack->end() - kArguments, stack->end());
    const auto tensor = [](const c10::IValue& value) {
      return value.isNone() ? at::Tensor() : taken("aten::convolution", value.toTensor());
    };
    const at::Tensor result =
        at::convolution(tensor(a[0]), tensor(a[1]), tensor(a[2]), a[3].toIntVector(), a[4].toIntVector(),
                        a[5].toIntVector(), a[6].toBool(), a[7].toIntVector(), a[8].toInt());
    torch::jit::drop(*stack, kArguments);
    stack->emplace_back(hidden(result));
  }

  static void copy(const std::vector<c10::IValue>& given, torch::jit::Stack* stack) {
    const at::Tensor from = given[0].toTensor(), to = given[1].toTensor();
    if (!is_hidden(to)) ++reads();
    revealed(to).copy_(revealed(from));
    torch::jit::drop(*stack, given.size());
    stack->emplace_back(to);
  }

  static c10::IValue argument(const std::string& name, const c10::IValue& value) {
    if (value.isTensor()) return taken(name, value.toTensor());
    if (value.isTensorList()) {
      c10::List<at::Tensor> list;
      for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(taken(name, tensor));
      return list;
    }
    return value;
  }

  /// As a GPU takes it: of its own, or a number.
  static at::Tensor taken(const std::string& name, const at::Tensor& tensor) {
    if (tensor.defined() && !is_hidden(tensor) && tensor.dim() > 0)
      throw std::runtime_error(name + " mixes two devices");
    return revealed(tensor);
  }

  static c10::IValue covered(const c10::IValue& value) {
    if (value.isTensor()) return value.toTensor().defined() ? hidden(value.toTensor()) : value.toTensor();
    if (!value.isTensorList()) return value;
    c10::List<at::Tensor> list;
    for (const at::Tensor& tensor : value.toTensorVector()) list.push_back(hidden(tensor));
    return list;
  }

  /// The argument that an operator wrote into and returns.
  static c10::IValue written(const c10::FunctionSchema& schema, const std::vector<c10::IValue>& given,
                             const c10::AliasInfo& alias) {
    for (size_t i = 0; i < given.size(); ++i)
      if (const auto* of = schema.arguments()[i].alias_info(); of && of->beforeSets() == alias.beforeSets()) {
        static_cast<HiddenTensor*>(given[i].toTensor().unsafeGetTensorImpl())->refresh();
        return given[i];
      }
    throw std::runtime_error(schema.name() + " returns what it was not given");
  }

  at::AutoDispatchBelowADInplaceOrView without_views_;  // whose record-keeping wants storages
  torch::Library all_, some_;
};

}  // namespace thor::test
