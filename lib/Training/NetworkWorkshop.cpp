//===- NetworkWorkshop.cpp - compiles and judges networks -----------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/NetworkWorkshop.h"

#include "qat/Calibration/NetworkInput.h"
#include "qat/Dialect/Qat/IR/NetworkForm.h"
#include "qat/Dialect/Qat/Transforms/FreezeForTraining.h"
#include "qat/Dialect/Qat/Transforms/Passes.h"
#include "qat/Differentiation/Passes.h"
#include "qat/Evaluation/ComputedForm.h"
#include "qat/Evaluation/Judging.h"
#include "qat/Evaluation/LayerComparison.h"
#include "qat/Execution/FirstError.h"
#include "qat/Support/AtomicFile.h"

#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <mutex>

using namespace llvm;
using namespace mlir;
using namespace mlir::qat;

void qat::addStepPasses(OpPassManager &manager, const Recipe &recipe,
                        StringRef teacher, bool isFrozen) {
  QatDifferentiateOptions options;
  options.batch = recipe.batch;
  options.loss = recipe.loss;
  options.optimizer = recipe.optimizer;
  options.dropout = recipe.dropout;
  options.accumulate = recipe.accumulate > 1;
  options.clip = recipe.clip > 0;
  options.boundScale = recipe.boundScale;
  options.teacher = teacher.str();
  manager.addPass(createQatDifferentiate(options));
  // Gradients are those of the float evaluation: only values change.
  if (isFrozen && recipe.forward == "integer")
    manager.addPass(createQatIntegerForward());
}

NetworkWorkshop::NetworkWorkshop(const DialectRegistry &registry,
                                 WorkshopOptions options)
    : registry(registry), options(std::move(options)) {}

std::unique_ptr<MLIRContext> NetworkWorkshop::makeContext() {
  auto context = std::make_unique<MLIRContext>(registry);
  context->printOpOnDiagnostic(false);
  return context;
}

/// A copy of `network`, transformed; `what` begins the error.
static Expected<OwningOpRef<ModuleOp>>
runTransforms(ModuleOp network, StringRef what,
              llvm::function_ref<void(OpPassManager &)> build) {
  OwningOpRef<ModuleOp> module = network.clone();
  FirstError error(network.getContext(), what);
  PassManager manager(network.getContext());
  build(manager);
  if (failed(manager.run(*module)))
    return error.get();
  return std::move(module);
}

Expected<std::unique_ptr<TrainingStep>>
NetworkWorkshop::compileStep(ModuleOp network, bool frozen) {
  OwningOpRef<ModuleOp> source = network.clone();
  if (frozen) {
    FirstError error(network.getContext(), "cannot freeze the network");
    if (failed(freezeForTraining(*source, /*keepBounds=*/true)))
      return error.get();
  }
  Expected<OwningOpRef<ModuleOp>> formT = runTransforms(
      *source, "cannot make a training step", [&](OpPassManager &manager) {
        addStepPasses(manager, options.recipe, options.teacher, frozen);
      });
  if (!formT)
    return formT.takeError();
  Expected<std::unique_ptr<CompiledStep>> step =
      CompiledStep::compile(**formT, options.step);
  if (!step)
    return step.takeError();
  Expected<std::map<std::string, NdArray>> fixed = readTeacher();
  if (!fixed)
    return fixed.takeError();
  return makeTrainingStep(std::move(*step), std::move(*fixed));
}

Expected<std::map<std::string, NdArray>> NetworkWorkshop::readTeacher() {
  std::map<std::string, NdArray> values;
  if (options.teacher.empty())
    return values;
  std::unique_ptr<MLIRContext> context = makeContext();
  FirstError error(context.get(),
                   "cannot read the teacher '" + options.teacher + "'");
  OwningOpRef<ModuleOp> module =
      parseSourceFile<ModuleOp>(options.teacher, context.get());
  if (!module)
    return error.get();
  TrainingState state;
  if (Error wrong = state.setFromNetwork(*module))
    return std::move(wrong);
  for (const auto &[name, array] : state.getValues())
    values["teacher." + name] = array.clone();
  return values;
}

Expected<OwningOpRef<ModuleOp>> NetworkWorkshop::freeze(ModuleOp network) {
  OwningOpRef<ModuleOp> module = network.clone();
  FirstError error(network.getContext(), "cannot freeze the network");
  if (failed(setFoldedBoundsAnew(*module)))
    return error.get();
  (*module)->setAttr(kTrainedBoundsAttribute,
                     UnitAttr::get(module->getContext()));
  return std::move(module);
}

/// A copy of `network` with bounds that suit its weights as they are now: while
/// it is live, those of folded weights are not trained.
static Expected<OwningOpRef<ModuleOp>> setBounds(ModuleOp network) {
  OwningOpRef<ModuleOp> module = network.clone();
  FirstError error(network.getContext(), "cannot set the bounds of weights");
  if (getNetworkForm(network) == NetworkForm::FakeQuantized &&
      !network->hasAttr(kTrainedBoundsAttribute) &&
      failed(setFoldedBoundsAnew(*module)))
    return error.get();
  return std::move(module);
}

//===----------------------------------------------------------------------===//
// Evaluation
//===----------------------------------------------------------------------===//

namespace {
/// A form of the network, compiled. The code refers to the module's context.
struct CompiledForm {
  OwningOpRef<ModuleOp> module;
  std::unique_ptr<CompiledNetwork> code;
};
} // namespace

static Expected<CompiledForm> compileForm(ModuleOp network, ComputedForm form,
                                          ForwardKind forward) {
  Expected<OwningOpRef<ModuleOp>> module = runTransforms(
      network,
      ("cannot make the " + stringifyComputedForm(form) + " network").str(),
      [&](OpPassManager &manager) {
        addFormPasses(manager, network, form, forward);
      });
  if (!module)
    return module.takeError();
  Expected<std::unique_ptr<CompiledNetwork>> code =
      CompiledNetwork::compile(**module);
  if (!code)
    return code.takeError();
  if (Error error = checkSingleInput((*code)->inputs()))
    return std::move(error);
  return CompiledForm{std::move(*module), std::move(*code)};
}

/// Mean over samples of the mean squared difference between input and output.
static Expected<double> measureReconstruction(const CompiledNetwork &network,
                                              const WorkshopOptions &options) {
  const Dataset &data = *options.evaluation;
  std::vector<size_t> indices = spreadIndices(data.size(), 0);
  std::vector<double> losses(indices.size(), 0);
  std::vector<char> isSeen(indices.size(), 0);
  BadSampleLog log(options.log ? *options.log : nulls());
  Error error = forEachSample(
      data, indices, options.threads, log,
      [&](size_t position, Sample sample) -> Error {
        if (options.stop && *options.stop)
          return make_error<EvaluationStopped>();
        Expected<NdArray> input =
            makeRealInput(sample, options.preprocessing, network.inputs()[0]);
        if (!input)
          return input.takeError();
        std::vector<NdArray> outputs(network.outputs().size());
        const NdArray *inputs[] = {&*input};
        if (Error error = network.run(inputs, outputs))
          return error;
        double sum = 0;
        for (auto [x, y] : zip(input->data<float>(), outputs[0].data<float>()))
          sum += (double(x) - y) * (double(x) - y);
        losses[position] = sum / static_cast<double>(input->size());
        isSeen[position] = 1;
        return Error::success();
      });
  if (error)
    return std::move(error);
  if (Error error = log.finish())
    return std::move(error);
  double sum = 0, count = 0;
  for (auto [loss, seen] : zip_equal(losses, isSeen)) {
    sum += loss;
    count += seen;
  }
  return sum / std::max(count, 1.0);
}

/// How many images the noise of layers is measured on.
static constexpr size_t kNoiseImages = 64;

/// The noise of the layers of `network`, form Q, against the float network that
/// it stands for.
static Expected<std::vector<NoiseRecord>>
measureNoise(ModuleOp network, const WorkshopOptions &options) {
  FirstError said(network.getContext(), "cannot compare the layers");
  Expected<std::unique_ptr<LayerComparison>> comparison =
      LayerComparison::create(network, /*reference=*/ModuleOp(), {});
  if (!comparison)
    return comparison.takeError();
  const Dataset &data = *options.evaluation;
  // What cannot be read has been told, and was little enough.
  BadSampleLog log(nulls());
  if (Error error = forEachSample(
          data, spreadIndices(data.size(), kNoiseImages), options.threads, log,
          [&](size_t image, const Sample &sample) -> Error {
            if (options.stop && *options.stop)
              return make_error<EvaluationStopped>();
            return (*comparison)->add(image, [&](const TensorInfo &input) {
              return makeNetworkInput(sample, options.preprocessing, input);
            });
          }))
    return std::move(error);
  auto getDecibels = [](const std::optional<NoiseSums> &sums) {
    return sums ? std::optional<double>(sums->getDecibels()) : std::nullopt;
  };
  std::vector<NoiseRecord> noise;
  for (const LayerFigures &layer : (*comparison)->getReport().layers)
    noise.push_back({layer.name, getDecibels(layer.fakeLocal),
                     getDecibels(layer.fakeAccumulated)});
  llvm::sort(noise, [](const NoiseRecord &a, const NoiseRecord &b) {
    return a.layer < b.layer;
  });
  return noise;
}

Expected<std::optional<double>> NetworkWorkshop::evaluate(ModuleOp trained,
                                                          EpochRecord &record) {
  if (!options.evaluation)
    return std::nullopt;
  Expected<OwningOpRef<ModuleOp>> withBounds = setBounds(trained);
  if (!withBounds)
    return withBounds.takeError();
  ModuleOp network = **withBounds;
  // Which is trained in floating point. Outside of a training, what is asked
  // for holds.
  bool isLive = record.epoch >= 0 && !trained->hasAttr(kTrainedBoundsAttribute);
  bool isFloat = getNetworkForm(network) == NetworkForm::Float;
  ForwardKind forward = options.recipe.forward == "integer" && !isLive
                            ? ForwardKind::Integer
                            : ForwardKind::Float;
  if (options.recipe.loss == "mse") {
    Expected<CompiledForm> form = compileForm(
        network, isFloat ? ComputedForm::Float : ComputedForm::Fake, forward);
    if (!form)
      return form.takeError();
    Expected<double> loss = measureReconstruction(*form->code, options);
    if (!loss)
      return loss.takeError();
    record.evaluationLoss = *loss;
    return -*loss;
  }
  SmallVector<ComputedForm, 2> wanted = {ComputedForm::Float};
  if (!isFloat)
    wanted = {ComputedForm::Fake, ComputedForm::Integer};
  std::vector<CompiledForm> forms;
  std::vector<const CompiledNetwork *> networks;
  for (ComputedForm form : wanted) {
    Expected<CompiledForm> compiled = compileForm(network, form, forward);
    if (!compiled)
      return compiled.takeError();
    networks.push_back(compiled->code.get());
    forms.push_back(std::move(*compiled));
  }
  const Dataset &data = *options.evaluation;
  Expected<Judgement> judgement = judgeNetworks(
      data, spreadIndices(data.size(), 0), options.preprocessing,
      options.threads, networks, options.log ? *options.log : nulls(),
      [&](size_t, auto) -> Error {
        if (options.stop && *options.stop)
          return make_error<EvaluationStopped>();
        return Error::success();
      });
  if (!judgement)
    return judgement.takeError();
  auto percent = [](size_t count, size_t of) {
    return 100.0 * static_cast<double>(count) /
           static_cast<double>(std::max<size_t>(of, 1));
  };
  size_t labelled = judgement->countLabelled();
  auto getAccuracy = [&](size_t which) {
    Score score = judgement->getScore(which);
    return Accuracy{percent(score.top1, labelled),
                    percent(score.top5, labelled)};
  };
  if (isFloat) {
    record.real = getAccuracy(0);
    return record.real->top1;
  }
  record.fake = getAccuracy(0);
  record.integer = getAccuracy(1);
  record.agreement =
      percent(judgement->countAgreeing(0, 1), judgement->countJudged());
  // Its four networks take longer to compile than most epochs to be judged.
  if (record.epoch + 1 >= options.recipe.epochs) {
    Expected<std::vector<NoiseRecord>> noise = measureNoise(network, options);
    if (!noise)
      return noise.takeError();
    record.noise = std::move(*noise);
  }
  return record.integer->top1;
}

std::string NetworkWorkshop::findNonFiniteLayer(ModuleOp network,
                                                const NdArray &input) {
  unsigned results = network.lookupSymbol<func::FuncOp>("main").getNumResults();
  Expected<OwningOpRef<ModuleOp>> exposed =
      runTransforms(network, "", [](OpPassManager &manager) {
        manager.addPass(createQatExposeLayers());
      });
  // What cannot be looked at has no layer to name.
  if (!exposed) {
    consumeError(exposed.takeError());
    return "";
  }
  Expected<std::unique_ptr<CompiledNetwork>> code =
      CompiledNetwork::compile(**exposed);
  if (!code) {
    consumeError(code.takeError());
    return "";
  }
  ArrayRef<TensorInfo> outputs = (*code)->outputs();
  size_t first = outputs.size();
  NdArray sample = NdArray::zeros(ElementKind::F32, (*code)->inputs()[0].shape);
  for (int64_t image = 0; image < input.dim(0); ++image) {
    ArrayRef<float> pixels =
        input.data<float>().slice(image * sample.size(), sample.size());
    std::copy(pixels.begin(), pixels.end(), sample.data<float>().begin());
    std::vector<NdArray> layers(outputs.size());
    const NdArray *inputs[] = {&sample};
    if (Error error = (*code)->run(inputs, layers)) {
      consumeError(std::move(error));
      return "";
    }
    for (size_t layer = results; layer < first; ++layer)
      if (!all_of(layers[layer].toF32().data<float>(),
                  [](float x) { return std::isfinite(x); }))
        first = layer;
  }
  return first == outputs.size() ? "" : outputs[first].name;
}

//===----------------------------------------------------------------------===//
// Files
//===----------------------------------------------------------------------===//

Error NetworkWorkshop::writeNetwork(ModuleOp trained, StringRef path) {
  Expected<OwningOpRef<ModuleOp>> network = setBounds(trained);
  if (!network)
    return network.takeError();
  return writeFileAtomically(path, [&](raw_ostream &os) {
    OpPrintingFlags flags;
    flags.enableDebugInfo(/*enable=*/true, /*prettyForm=*/false);
    (*network)->print(os, flags);
    os << "\n";
  });
}

Error NetworkWorkshop::writeRecords(ArrayRef<EpochRecord> records) {
  return options.writeRecords ? options.writeRecords(records)
                              : Error::success();
}
