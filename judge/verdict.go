package judge

// Verdict is our conclusion about a run or a submission. The zero value means "not judged".
type Verdict string

const (
	Accepted     Verdict = "accepted"
	WrongAnswer  Verdict = "wrong-answer"
	TimeLimit    Verdict = "time-limit"
	MemoryLimit  Verdict = "memory-limit"
	OutputLimit  Verdict = "output-limit"
	RuntimeError Verdict = "runtime-error"
	CompileError Verdict = "compile-error"
	Skipped      Verdict = "skipped"
	JudgeError   Verdict = "judge-error"
)

// Verdicts lists every verdict, in the order in which they are decided: the first that applies. `judge help verdicts`
// explains it.
var Verdicts = []Verdict{JudgeError, CompileError, MemoryLimit, TimeLimit, OutputLimit, RuntimeError, WrongAnswer, Accepted, Skipped}

// Reasons refine a verdict; the first group also appears in a record's flags, which list everything
// that was exceeded.
const (
	ReasonOOM          = "oom"           // memory ran out, whether the kernel killed or refused
	ReasonCPU          = "cpu"           // CPU time of all processes together
	ReasonWall         = "wall"          // real time, while the program computed
	ReasonStdout       = "stdout"        // standard output longer than the output limit
	ReasonStderr       = "stderr"        // standard error longer than the output limit
	ReasonProcessLimit = "process-limit" // a fork or thread was refused
	ReasonDiskLimit    = "disk-limit"    // bytes, inodes or the size of one file

	ReasonDeadlock         = "deadlock"          // all processes of an interaction wait for each other's output
	ReasonIdle             = "idle"              // real time ran out while the program waited
	ReasonExec             = "exec"              // the kernel refused to start the program
	ReasonSignal           = "signal"            // ended by a signal
	ReasonExitCode         = "exit-code"         // ended with a code other than 0
	ReasonForbiddenSyscall = "forbidden-syscall" // ended by the system call filter
	ReasonChecker          = "checker"           // the checker refused the output; with judge-error: it did not judge
	ReasonCancelled        = "cancelled"         // the user ended the judge
	ReasonDecided          = "decided"           // skipped: the submission's outcome cannot change any more
	ReasonGroup            = "group"             // skipped: the group's score cannot change any more
	ReasonDepends          = "depends"           // skipped: a group that this one depends on did not get all its points
	ReasonInternal         = "internal"          // judge-error: our own machinery
	ReasonTask             = "task"              // judge-error: the task that was sent cannot be judged

	ReasonCompileTime   = "compile-time"   // CPU or real time of the compiler
	ReasonCompileMemory = "compile-memory" // memory of the compiler
	ReasonCompileOutput = "compile-output" // messages or files of the compiler
	ReasonNoArtifact    = "no-artifact"    // the compiler succeeded and wrote nothing to run
	ReasonSources       = "sources"        // the files that were sent are no program, and no compiler was asked
)
