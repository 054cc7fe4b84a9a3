// tensor_umma: ceilings in all formats that both kinds of the large Blackwells have.
#include "tensor_umma.cuh"

FORMAT(Fp16, OfFp16, SUMS_FP32, 0, __uint_as_float, product_f16)
FORMAT(Bf16, OfBf16, SUMS_FP32, 1, __uint_as_float, product_f16)
FORMAT(Tf32, OfTf32, SUMS_FP32, 2, __uint_as_float, product_tf32)
FORMAT(E4m3, OfE4m3, SUMS_FP32, 0, __uint_as_float, product_f8)
FORMAT(E5m2, OfE5m2, SUMS_FP32, 1, __uint_as_float, product_f8)

TILES(fp16, Fp16)
TILES(bf16, Bf16)
TILES(tf32, Tf32)
TILES(fp8_e4m3, E4m3)
TILES(fp8_e5m2, E5m2)
