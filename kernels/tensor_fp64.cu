// tensor_fp64: the ceiling in FP64 of Hopper's tensor units, which only instructions of 16 rows keep busy. Work, exactness and
// layout: tensor.cuh.
#include "tensor.cuh"

struct Fp64 {
    static const u32 BODY = 16;
    static __device__ __forceinline__ void step(double (&d)[4], double upper, double lower, double b) { mma_f64_k4(d, upper, lower, b); }
};

TILES(hopper_fp64, Doubles<Fp64>, 8)
