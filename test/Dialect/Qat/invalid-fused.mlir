// RUN: qat-mlir-opt %s --split-input-file --verify-diagnostics

func.func @arguments(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{must have a region with an index and 1 operands as arguments}}
  %y = qat.fused tiles(4) blocks(1) batched(%x : tensor<8x4xf32>) whole()
       -> tensor<8x4xf32> attributes {partial = array<i1: false>} {
  ^bb0(%xt: tensor<2x4xf32>):
    qat.fused_yield %xt : tensor<2x4xf32>
  }
  return %y : tensor<8x4xf32>
}

// -----

func.func @part(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{cannot cut 'tensor<8x4xf32>' into 4 parts of type 'tensor<3x4xf32>'}}
  %y = qat.fused tiles(4) blocks(1) batched(%x : tensor<8x4xf32>) whole()
       -> tensor<8x4xf32> attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %xt: tensor<3x4xf32>):
    qat.fused_yield %xt : tensor<3x4xf32>
  }
  return %y : tensor<8x4xf32>
}

// -----

func.func @whole(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{gives its region 'tensor<8x4xf32>' as 'tensor<2x4xf32>'}}
  %y = qat.fused tiles(4) blocks(1) batched() whole(%x : tensor<8x4xf32>)
       -> tensor<8x4xf32> attributes {partial = array<i1: false>} {
  ^bb0(%part: index, %xt: tensor<2x4xf32>):
    qat.fused_yield %xt : tensor<2x4xf32>
  }
  return %y : tensor<8x4xf32>
}

// -----

func.func @count(%x: tensor<8x4xf32>) {
  // expected-error @below {{has 0 results, but yields 1 values}}
  qat.fused tiles(4) blocks(1) batched(%x : tensor<8x4xf32>) whole()
       attributes {partial = array<i1>} {
  ^bb0(%part: index, %xt: tensor<2x4xf32>):
    qat.fused_yield %xt : tensor<2x4xf32>
  }
  return
}

// -----

func.func @kinds(%x: tensor<8x4xf32>) -> tensor<8x4xf32> {
  // expected-error @below {{has 1 results, but 'partial' has 0 values}}
  %y = qat.fused tiles(4) blocks(1) batched(%x : tensor<8x4xf32>) whole()
       -> tensor<8x4xf32> attributes {partial = array<i1>} {
  ^bb0(%part: index, %xt: tensor<2x4xf32>):
    qat.fused_yield %xt : tensor<2x4xf32>
  }
  return %y : tensor<8x4xf32>
}

// -----

func.func @partial(%x: tensor<8x4xf32>) -> tensor<8x2x4xf32> {
  // expected-error @below {{cannot make 'tensor<8x2x4xf32>' of 4 values of type 'tensor<2x4xf32>'}}
  %y = qat.fused tiles(4) blocks(2) batched(%x : tensor<8x4xf32>) whole()
       -> tensor<8x2x4xf32> attributes {partial = array<i1: true>} {
  ^bb0(%part: index, %xt: tensor<1x4xf32>):
    %c = arith.constant dense<0.0> : tensor<2x4xf32>
    qat.fused_yield %c : tensor<2x4xf32>
  }
  return %y : tensor<8x2x4xf32>
}
