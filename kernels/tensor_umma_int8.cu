// tensor_umma_int8: the same in INT8, which compute capability 10.0 has and 10.3 has not.
#include "tensor_umma.cuh"

FORMAT(Int8, OfInt8, SUMS_INT32, 1, u32, product_i8)

TILES(int8, Int8)
