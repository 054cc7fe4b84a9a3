// umma_int8: the same in INT8, which compute capability 10.0 has and 10.3 has not.
#include "umma.cuh"

struct Int8 {
    typedef unsigned char Element;
    typedef u32 Result;
    static const u32 SUMS = SUMS_INT32, FORMAT = 1;
    static __device__ __forceinline__ void step(u32 d, u64 a, u64 b, u32 product, bool add) { product_i8(d, a, b, product, add); }
};

PRODUCT(int8, Int8)
