ml_program.global private mutable @w(dense_resource<w> : tensor<1xf32>) : tensor<1xf32>
func.func @main(%x: tensor<1xf32>) -> tensor<1xf32> {
  return %x : tensor<1xf32>
}
{-#
  dialect_resources: { builtin: { w: "0x000000000000803F" } }
#-}
