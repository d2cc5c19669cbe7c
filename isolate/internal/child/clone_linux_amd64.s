#include "textflag.h"

// func rawSyscall(nr, a1, a2, a3, a4, a5, a6 uintptr) (result uintptr)
TEXT ·rawSyscall(SB), NOSPLIT, $0-64
	MOVQ nr+0(FP), AX
	MOVQ a1+8(FP), DI
	MOVQ a2+16(FP), SI
	MOVQ a3+24(FP), DX
	MOVQ a4+32(FP), R10
	MOVQ a5+40(FP), R8
	MOVQ a6+48(FP), R9
	SYSCALL
	MOVQ AX, result+56(FP)
	RET

// func clone(args *cloneArgs, size uintptr, b *block, entry uintptr) (result uintptr)
//
// The child calls entry(b) in ABIInternal: first argument in AX, zero in X15. A call by name would go
// through an ABI0 wrapper, which the race detector instruments, whatever entry's own pragmas are.
TEXT ·clone(SB), NOSPLIT, $0-40
	MOVQ args+0(FP), DI
	MOVQ size+8(FP), SI
	MOVQ b+16(FP), R12
	MOVQ entry+24(FP), R13
	MOVL $435, AX // clone3(args, size)
	SYSCALL
	TESTQ AX, AX
	JZ   child
	MOVQ AX, result+32(FP)
	RET
child:
	SUBQ $32, SP
	XORPS X15, X15
	MOVQ R12, AX
	CALL R13
	INT  $3
