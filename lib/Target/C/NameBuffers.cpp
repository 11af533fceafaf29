//===- NameBuffers.cpp - names of layers in C -----------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Target/C/Passes.h"

#include "qat/Dialect/Qat/IR/LayerName.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/StringSet.h"

namespace mlir::qat {
#define GEN_PASS_DEF_QATNAMEBUFFERS
#include "qat/Target/C/Passes.h.inc"
} // namespace mlir::qat

using namespace mlir;
using namespace mlir::qat;

/// Keywords of C99 and C++ and what the generated code and its headers use:
/// none of them may become a layer's name.
static const llvm::StringSet<> &getReservedNames() {
  static const llvm::StringSet<> names = [] {
    llvm::StringSet<> names;
    for (
        StringRef name : llvm::split(
            "alignas alignof and asm auto bitand bitor bool break case catch "
            "char class compl const constexpr continue decltype default "
            "delete do double dynamic_cast else enum explicit export extern "
            "false float for friend goto if inline int long mutable namespace "
            "new noexcept not nullptr operator or private protected public "
            "register reinterpret_cast restrict return short signed sizeof "
            "static static_assert static_cast struct switch template this "
            "thread_local throw true try typedef typeid typename union "
            "unsigned using virtual void volatile wchar_t while xor "
            "main input output arena memory NULL size_t ptrdiff_t errno "
            "int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t "
            // The headers of C: N.h would stand before them.
            "assert complex ctype fenv float inttypes iso646 limits locale "
            "math setjmp signal stdarg stdbool stddef stdint stdio stdlib "
            "string tgmath time wchar wctype stdatomic threads uchar "
            "uint64_t intptr_t uintptr_t intmax_t uintmax_t linux unix i386 "
            // Functions that compilers know without a header.
            "abort abs acos acosh alloca asin asinh atan atan2 atanh bcmp "
            "bcopy bzero calloc cbrt ceil copysign cos cosh drem erf erfc exit "
            "exp exp2 expm1 fabs fdim ffs finite floor fma fmax fmin fmod "
            "fork free frexp gamma hypot ilogb index isinf isnan j0 j1 jn labs "
            "ldexp lgamma llabs log log10 log1p log2 logb lrint lround malloc "
            "memchr memcmp memcpy memset modf nan nearbyint nextafter pow "
            "printf putchar puts realloc remainder remquo rindex rint round "
            "scalb scalbn scanf signbit significand sin sincos sinh snprintf "
            "sprintf sqrt sscanf strcat strchr strcmp strcpy strlen strncmp "
            "tan tanh tgamma tolower toupper trunc vprintf y0 y1 yn",
            ' '))
      names.insert(name);
    return names;
  }();
  return names;
}

bool mlir::qat::isUsableCIdentifier(StringRef name) {
  if (name.empty() || !llvm::isAlpha(name.front()))
    return false;
  if (!llvm::all_of(name, [](char c) { return llvm::isAlnum(c) || c == '_'; }))
    return false;
  return !getReservedNames().contains(name) && !name.starts_with("qat_") &&
         !name.starts_with("QAT_") && !name.starts_with("INT") &&
         !name.starts_with("UINT");
}

std::string mlir::qat::makeCIdentifier(StringRef name) {
  // C99 tells 63 characters apart; roles such as _weight_zero_points follow.
  constexpr size_t kLongest = 40;
  std::string identifier;
  for (char c : name) {
    bool isAllowed = llvm::isAlnum(c);
    if (!isAllowed && (identifier.empty() || identifier.back() == '_'))
      continue;
    identifier += isAllowed ? c : '_';
  }
  // The end of a long name says more than its beginning.
  if (identifier.size() > kLongest)
    identifier.erase(0, identifier.size() - kLongest);
  StringRef trimmed = StringRef(identifier).trim('_');
  if (!trimmed.empty() && llvm::isDigit(trimmed.front()))
    return ("n" + trimmed).str();
  return trimmed.str();
}

namespace {
class NameBuffersPass : public qat::impl::QatNameBuffersBase<NameBuffersPass> {
public:
  using Base::Base;

  void runOnOperation() override {
    taken.clear();
    unnamed.clear();
    if (!isUsableCIdentifier(network)) {
      getOperation().emitError("expects the option 'network' to be a C "
                               "identifier that is not in use, but got '")
          << network << "'";
      return signalPassFailure();
    }
    getOperation()->setAttr("qat.network",
                            StringAttr::get(&getContext(), network));

    SmallVector<Operation *> layers;
    getOperation().walk([&](IntegerLayerOpInterface layer) {
      layers.push_back(layer.getOperation());
    });
    SmallVector<std::string> names;
    for (Operation *layer : layers)
      names.push_back(getLayerName(layer));
    // Fused names list what was fused: the first is the layer's.
    for (std::string &name : names)
      name = StringRef(name).split(';').first.str();
    size_t shared = getSharedFolders(names);

    for (auto [layer, name] : llvm::zip(layers, names)) {
      std::string identifier = makeCIdentifier(
          StringRef(name).drop_front(std::min(shared, name.size())));
      layer->setAttr(
          "qat.c_name",
          StringAttr::get(&getContext(), makeUnique(identifier, layer)));
    }
  }

private:
  /// Characters of the folders ("a/b/") that all names begin with; 0 where
  /// they would leave a layer without a name.
  static size_t getSharedFolders(ArrayRef<std::string> names) {
    StringRef shared;
    bool isFirst = true;
    for (StringRef name : names) {
      if (name.empty())
        continue;
      StringRef folders = name.take_front(name.rfind('/') + 1);
      if (isFirst) {
        shared = folders;
        isFirst = false;
        continue;
      }
      while (!shared.empty() && !folders.starts_with(shared))
        shared = shared.take_front(shared.drop_back().rfind('/') + 1);
    }
    return shared.size();
  }

  /// The globals and variables that are named after a layer.
  static SmallVector<std::string> getDerivedNames(StringRef name,
                                                  Operation *layer) {
    SmallVector<std::string> derived = {name.str()};
    if (auto concat = dyn_cast<ConcatOp>(layer))
      for (unsigned index = 0; index < concat.getInputs().size(); ++index)
        derived.push_back((name + "_operand" + Twine(index)).str());
    for (StringRef role :
         {"_weights", "_weight_zero_points", "_bias", "_multiplier", "_shift",
          "_thresholds", "_falling", "_out", "_scratch"})
      derived.push_back((name + role).str());
    return derived;
  }

  /// Names of the generated project begin with the network's.
  bool isAllowed(StringRef name) const {
    return isUsableCIdentifier(name) && name != network &&
           !name.starts_with(network + "_") &&
           !name.starts_with(StringRef(network).upper() + "_");
  }

  bool isFree(StringRef name, Operation *layer) const {
    return isAllowed(name) &&
           llvm::none_of(getDerivedNames(name, layer), [&](auto &derived) {
             return taken.contains(derived);
           });
  }

  std::string makeUnique(StringRef wanted, Operation *layer) {
    std::string name = wanted.str();
    if (name.empty()) {
      StringRef kind = layer->getName().stripDialect();
      name = (kind + "_" + Twine(++unnamed[kind])).str();
    }
    if (!isAllowed(name))
      name = "layer_" + name;
    std::string candidate = name;
    for (unsigned number = 2; !isFree(candidate, layer); ++number)
      candidate = (name + "_" + Twine(number)).str();
    for (const std::string &derived : getDerivedNames(candidate, layer))
      taken.insert(derived);
    return candidate;
  }

  llvm::StringSet<> taken;
  llvm::StringMap<unsigned> unnamed;
};
} // namespace
