// umma: products on the tensor units of the large Blackwells, in all formats that both kinds of them have.
#include "umma.cuh"

struct Fp16 {
    typedef unsigned short Element;
    typedef float Result;
    static const u32 SUMS = SUMS_FP32, FORMAT = 0;
    static __device__ __forceinline__ void step(u32 d, u64 a, u64 b, u32 product, bool add) { product_f16(d, a, b, product, add); }
};

struct Bf16 : Fp16 {
    static const u32 FORMAT = 1;
};

struct Tf32 {
    typedef float Element;
    typedef float Result;
    static const u32 SUMS = SUMS_FP32, FORMAT = 2;
    static __device__ __forceinline__ void step(u32 d, u64 a, u64 b, u32 product, bool add) { product_tf32(d, a, b, product, add); }
};

struct E4m3 {
    typedef unsigned char Element;
    typedef float Result;
    static const u32 SUMS = SUMS_FP32, FORMAT = 0;
    static __device__ __forceinline__ void step(u32 d, u64 a, u64 b, u32 product, bool add) { product_f8(d, a, b, product, add); }
};

struct E5m2 : E4m3 {
    static const u32 FORMAT = 1;
};

PRODUCT(fp16, Fp16)
PRODUCT(bf16, Bf16)
PRODUCT(tf32, Tf32)
PRODUCT(fp8_e4m3, E4m3)
PRODUCT(fp8_e5m2, E5m2)
