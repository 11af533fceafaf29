//===- Image.cpp - what an ELF file tells ---------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Image.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/BinaryFormat/ELF.h"
#include "llvm/Object/ELFObjectFile.h"

using namespace llvm;
using namespace llvm::object;
using namespace mlir::qat;

static Expected<OwningBinary<ObjectFile>> openImage(StringRef path) {
  Expected<OwningBinary<ObjectFile>> file = ObjectFile::createObjectFile(path);
  if (!file)
    return createStringError("cannot read '" + path +
                             "': " + toString(file.takeError()));
  if (!isa<ELFObjectFileBase>(file->getBinary()))
    return createStringError("'" + path + "' is not an ELF file");
  return file;
}

/// The names that the generator gives to the tables of a layer.
static bool isTableOfLayer(StringRef symbol) {
  return any_of(ArrayRef<StringRef>{"_weights", "_bias", "_multiplier",
                                    "_shift", "_weight_zero_points",
                                    "_thresholds", "_falling"},
                [&](StringRef suffix) { return symbol.ends_with(suffix); });
}

Expected<ImageSizes> mlir::qat::measureImage(StringRef path) {
  Expected<OwningBinary<ObjectFile>> file = openImage(path);
  if (!file)
    return file.takeError();
  ImageSizes sizes;
  for (SectionRef section : file->getBinary()->sections()) {
    ELFSectionRef elf(section);
    Expected<StringRef> name = section.getName();
    if (!name)
      return name.takeError();
    if (!(elf.getFlags() & ELF::SHF_ALLOC) || name->starts_with(".harness") ||
        *name == ".vectors" || *name == ".stack" ||
        name->starts_with(".ARM.exidx"))
      continue;
    uint64_t size = section.getSize();
    if (elf.getFlags() & ELF::SHF_EXECINSTR)
      sizes.code += size;
    else if (!(elf.getFlags() & ELF::SHF_WRITE))
      sizes.constants += size;
    else if (name->contains("arena"))
      sizes.arena += size;
    else
      sizes.variables += size;
    // Initialized variables have their values in the flash, too.
    if ((elf.getFlags() & ELF::SHF_WRITE) && elf.getType() == ELF::SHT_PROGBITS)
      sizes.constants += size;
  }
  for (ELFSymbolRef symbol :
       cast<ELFObjectFileBase>(file->getBinary())->symbols()) {
    Expected<StringRef> name = symbol.getName();
    if (!name)
      return name.takeError();
    if (symbol.getELFType() == ELF::STT_OBJECT && isTableOfLayer(*name))
      sizes.weights += symbol.getSize();
  }
  // Tables whose size is not a multiple of their alignment leave gaps, which
  // stay with the constants.
  sizes.constants -= std::min(sizes.weights, sizes.constants);
  return sizes;
}

Expected<uint64_t> mlir::qat::findSymbol(StringRef path, StringRef symbol) {
  Expected<OwningBinary<ObjectFile>> file = openImage(path);
  if (!file)
    return file.takeError();
  for (SymbolRef candidate : file->getBinary()->symbols()) {
    Expected<StringRef> name = candidate.getName();
    if (!name)
      return name.takeError();
    if (*name == symbol)
      return candidate.getAddress();
  }
  return createStringError("'" + path + "' has no symbol '" + symbol + "'");
}

std::string mlir::qat::findFunction(StringRef path, uint64_t address) {
  Expected<OwningBinary<ObjectFile>> file = openImage(path);
  if (!file) {
    consumeError(file.takeError());
    return {};
  }
  for (ELFSymbolRef symbol :
       cast<ELFObjectFileBase>(file->getBinary())->symbols()) {
    Expected<StringRef> name = symbol.getName();
    Expected<uint64_t> start = symbol.getAddress();
    if (!name || !start) {
      consumeError(name.takeError());
      consumeError(start.takeError());
      continue;
    }
    // The lowest bit of a function's address says that it is Thumb code.
    uint64_t first = *start & ~uint64_t(1);
    if (symbol.getELFType() == ELF::STT_FUNC && address >= first &&
        address < first + symbol.getSize())
      return name->str();
  }
  return {};
}
