//===- EpochRecordTest.cpp ------------------------------------------------===//
//
// Part of qat-mlir, under the Apache License v2.0 with LLVM Exceptions.
// See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "qat/Training/EpochRecord.h"

#include "llvm/Support/raw_ostream.h"
#include "gtest/gtest.h"

#include <cmath>
#include <limits>

using namespace llvm;
using namespace mlir::qat;

namespace {
std::string textOf(const EpochRecord &record) {
  std::string text;
  raw_string_ostream os(text);
  os << json::Value(record.toJson());
  return text;
}

std::string messageOf(Expected<std::vector<EpochRecord>> records) {
  return records ? "" : toString(records.takeError());
}

const char *const kRow =
    R"({"agreement":99.5,"best":true,"bound_lr":0.01,"bounds":)"
    R"({"c.alpha":1.5,"c.weight.lo":[-2,-1,0.125]},"epoch":3,"evaluation_loss":)"
    R"(0.5,"fake":{"top1":80.125,"top5":99},"float":{"top1":82,"top5":99.5},)"
    R"("frozen":true,"images":1280,"integer":{"top1":80,"top5":98.875},)"
    R"("loss":0.75,"lr":0.001,"seconds":2.25,"steps":40,"train":{"top1":75,)"
    R"("top5":97}})";

TEST(EpochRecordTest, IsWrittenAndReadBack) {
  EpochRecord record;
  record.epoch = 3;
  record.steps = 40;
  record.images = 1280;
  record.loss = 0.75;
  record.train = Accuracy{75, 97};
  record.real = Accuracy{82, 99.5};
  record.fake = Accuracy{80.125, 99};
  record.integer = Accuracy{80, 98.875};
  record.evaluationLoss = 0.5;
  record.agreement = 99.5;
  record.learningRate = 0.001;
  record.boundLearningRate = 0.01;
  record.frozen = record.best = true;
  record.seconds = 2.25;
  record.bounds = {{"c.alpha", 1.5, 1.5, 1.5}, {"c.weight.lo", -2, -1, 0.125}};
  EXPECT_EQ(textOf(record), kRow);
  std::vector<EpochRecord> read =
      cantFail(parseRecords((textOf(record) + "\n").c_str()));
  ASSERT_EQ(read.size(), 1u);
  EXPECT_EQ(textOf(read[0]), kRow);
}

TEST(EpochRecordTest, KeepsTheNoiseOfLayers) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  EpochRecord record;
  record.noise = {{"conv", 23.5, 20.25},
                  {"fc", infinity, -infinity},
                  {"input", std::nullopt, std::nullopt}};
  std::string text = textOf(record);
  EXPECT_NE(text.find(R"("noise":{"conv":[23.5,20.25],"fc":["inf","-inf"],)"
                      R"("input":[null,null]})"),
            std::string::npos)
      << text;
  std::vector<EpochRecord> read = cantFail(parseRecords(text + "\n"));
  ASSERT_EQ(read[0].noise.size(), 3u);
  EXPECT_EQ(read[0].noise[0].layer, "conv");
  EXPECT_EQ(textOf(read[0]), text);
  for (const char *wrong :
       {R"("noise":3)", R"("noise":{"c":[1]})", R"("noise":{"c":["low",1]})"}) {
    std::string row = kRow;
    row.insert(row.size() - 1, "," + std::string(wrong));
    EXPECT_NE(messageOf(parseRecords(row + "\n")).find("'noise'"),
              std::string::npos)
        << wrong;
  }
}

TEST(EpochRecordTest, LeavesOutWhatThereIsNot) {
  EpochRecord record;
  record.loss = std::nan("");
  std::string text = textOf(record);
  EXPECT_EQ(text, R"({"best":false,"bound_lr":0,"bounds":{},"epoch":0,)"
                  R"("frozen":false,"images":0,"loss":null,"lr":0,)"
                  R"("seconds":0,"steps":0})");
  std::vector<EpochRecord> read = cantFail(parseRecords(text + "\n"));
  EXPECT_TRUE(std::isnan(read[0].loss));
  EXPECT_FALSE(read[0].fake || read[0].integer || read[0].real ||
               read[0].train || read[0].agreement || read[0].evaluationLoss);
}

TEST(EpochRecordTest, LeavesOutALineThatWasCutOff) {
  std::string text = std::string(kRow) + "\n\n" + kRow + "\n" + kRow;
  EXPECT_EQ(cantFail(parseRecords(text)).size(), 2u);
  text.resize(text.size() - 20);
  EXPECT_EQ(cantFail(parseRecords(text)).size(), 2u);
  EXPECT_EQ(cantFail(parseRecords("")).size(), 0u);
}

TEST(EpochRecordTest, NamesWhatIsWrong) {
  EXPECT_EQ(messageOf(parseRecords("{\n")).substr(0, 19),
            "line 1 is not JSON:");
  EXPECT_EQ(messageOf(parseRecords(std::string(kRow) + "\n[]\n")),
            "line 2: expected an object of an epoch");
  auto without = [](StringRef from, StringRef to) {
    std::string text = kRow;
    size_t at = text.find(from.str());
    EXPECT_NE(at, std::string::npos);
    return text.replace(at, from.size(), to.str()) + "\n";
  };
  EXPECT_EQ(messageOf(parseRecords(without("\"epoch\":3", "\"epoch\":\"3\""))),
            "line 1: member 'epoch' is missing or wrong, expected an integer");
  EXPECT_EQ(messageOf(parseRecords(without(",\"steps\":40", ""))),
            "line 1: member 'steps' is missing or wrong, expected an integer");
  EXPECT_EQ(messageOf(parseRecords(without("\"top1\":80.125,", ""))),
            "line 1: member 'fake' is missing or wrong, expected a number");
  EXPECT_EQ(messageOf(parseRecords(without("[-2,-1,0.125]", "[-2,-1]"))),
            "line 1: member 'bounds' is missing or wrong, expected a number "
            "or three a bound");
  EXPECT_EQ(messageOf(parseRecords(without("\"frozen\":true", "\"frozen\":1"))),
            "line 1: member 'frozen' is missing or wrong, expected true or "
            "false");
}
} // namespace
