"""lit configuration: IR tests by FileCheck, tools by their command line."""

import os
import shutil

import lit.formats

config.name = "qat-mlir"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".mlir", ".test"]
config.excludes = ["fuzz", "Inputs", "Integration", "Unit", "CMakeLists.txt"]
config.test_source_root = os.path.dirname(__file__)
config.test_exec_root = os.path.join(config.qat_binary_dir, "test")
config.environment["PATH"] = os.pathsep.join(
    [
        os.path.join(config.qat_binary_dir, "bin"),
        config.llvm_tools_dir,
        config.environment["PATH"],
    ]
)
config.environment["FILECHECK_OPTS"] = "-enable-var-scope --allow-unused-prefixes=false"

config.substitutions.append(("%shared", config.qat_shared_dir))
config.substitutions.append(("%python", config.python))
config.substitutions.append(("%source", config.qat_source_dir))
config.substitutions.append(("%build", config.qat_binary_dir))

# The Python of utils/setup.sh: `REQUIRES: numpy`.
if os.path.exists(config.python):
    config.available_features.add("numpy")
# Trained models and goldens: `REQUIRES: assets`.
if os.path.isdir(os.path.join(config.qat_shared_dir, "assets")):
    config.available_features.add("assets")

# Compilers for the C that we write.
for command in ("gcc", "clang", "arm-none-eabi-gcc"):
    if shutil.which(command, path=config.environment["PATH"]):
        config.available_features.add(command)
