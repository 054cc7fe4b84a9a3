// sm75: a step of 32 bytes of k, as mma.cuh and tensor.cuh take it, by the smaller instructions of compute capability 7.5. Its fragments
// are those of the larger ones, cut in halves of k; in INT8 of rows as well (PTX ISA, "Matrix Fragments for mma").
#pragma once

#include "ptx.cuh"

__device__ __forceinline__ void step_f16_sm75(float (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    mma_f16_k8(d, a[0], a[1], b[0]);
    mma_f16_k8(d, a[2], a[3], b[1]);
}

__device__ __forceinline__ void step_s8_sm75(u32 (&d)[4], const u32 (&a)[4], const u32 (&b)[2]) {
    mma_s8_k16(d[0], d[1], a[0], b[0]);
    mma_s8_k16(d[2], d[3], a[1], b[0]);
    mma_s8_k16(d[0], d[1], a[2], b[1]);
    mma_s8_k16(d[2], d[3], a[3], b[1]);
}
