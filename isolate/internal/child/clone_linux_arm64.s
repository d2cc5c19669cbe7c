#include "textflag.h"

// func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) (result uintptr)
TEXT ·rawSyscall(SB), NOSPLIT, $0-64
	MOVD nr+0(FP), R8
	MOVD a1+8(FP), R0
	MOVD a2+16(FP), R1
	MOVD a3+24(FP), R2
	MOVD a4+32(FP), R3
	MOVD a5+40(FP), R4
	MOVD a6+48(FP), R5
	SVC
	MOVD R0, result+56(FP)
	RET

// func clone(flags, stack, tid uintptr, b *block, entry uintptr) (result uintptr)
//
// The child calls entry(b) in ABIInternal: first argument in R0. See the amd64 version.
TEXT ·clone(SB), NOSPLIT, $0-48
	MOVD flags+0(FP), R0
	MOVD stack+8(FP), R1
	MOVD tid+16(FP), R2
	MOVD ZR, R3
	MOVD ZR, R4
	MOVD b+24(FP), R19
	MOVD entry+32(FP), R20
	MOVD $220, R8 // clone(flags, stack, parent_tid, tls, child_tid)
	SVC
	CBZ  R0, child
	MOVD R0, result+40(FP)
	RET
child:
	SUB  $48, RSP
	MOVD R19, R0
	CALL (R20)
	BRK
