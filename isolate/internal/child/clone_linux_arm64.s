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

// func clone(args *cloneArgs, size uintptr, b *block, entry uintptr) (result uintptr)
//
// The child calls entry(b) in ABIInternal: first argument in R0. See the amd64 version.
TEXT ·clone(SB), NOSPLIT, $0-40
	MOVD args+0(FP), R0
	MOVD size+8(FP), R1
	MOVD b+16(FP), R19
	MOVD entry+24(FP), R20
	MOVD $435, R8 // clone3(args, size)
	SVC
	CBZ  R0, child
	MOVD R0, result+32(FP)
	RET
child:
	SUB  $48, RSP
	MOVD R19, R0
	CALL (R20)
	BRK
