package piston

// Request is the body of POST /api/v2/execute. Times are milliseconds and sizes bytes; 0 and -1 are the default.
type Request struct {
	Language string   `json:"language"` // or an alias
	Version  string   `json:"version"`  // selector, such as "*", "3.x" and ">=1.20"
	Files    []File   `json:"files"`    // the entry point first
	Stdin    string   `json:"stdin"`
	Args     []string `json:"args"`

	CompileTimeout     *float64 `json:"compile_timeout"` // wall time
	RunTimeout         *float64 `json:"run_timeout"`
	CompileCPUTime     *float64 `json:"compile_cpu_time"`
	RunCPUTime         *float64 `json:"run_cpu_time"`
	CompileMemoryLimit *float64 `json:"compile_memory_limit"`
	RunMemoryLimit     *float64 `json:"run_memory_limit"`
}

// File is a source file, or one that the program reads.
type File struct {
	Name     string  `json:"name"` // empty: one of ours
	Content  *string `json:"content"`
	Encoding string  `json:"encoding"` // "utf8", "base64" or "hex"; anything else is utf8
}

// Response is the answer to POST /api/v2/execute.
type Response struct {
	Language string `json:"language"`
	Version  string `json:"version"`
	Run      *Stage `json:"run"`               // of compiling, when the program was not run
	Compile  *Stage `json:"compile,omitempty"` // nil: the language has none
}

// Stage is how compiling or running went.
type Stage struct {
	Stdout   string  `json:"stdout"`
	Stderr   string  `json:"stderr"`
	Output   string  `json:"output"` // stdout and stderr
	Code     *int    `json:"code"`   // nil: there is a signal
	Signal   *string `json:"signal"` // such as "SIGKILL"
	Message  *string `json:"message"`
	Status   *Status `json:"status"`    // nil: all is well
	CPUTime  float64 `json:"cpu_time"`  // milliseconds
	WallTime float64 `json:"wall_time"` // the same
	Memory   int64   `json:"memory"`    // bytes

	Version string `json:"-"` // of the compiler, its own first line
}

// Status says why a stage is not well.
type Status string

const (
	StatusExit     Status = "RE" // another exit code than 0
	StatusSignal   Status = "SG"
	StatusTime     Status = "TO"
	StatusStdout   Status = "OL" // standard output is too long
	StatusStderr   Status = "EL" // standard error is
	StatusInternal Status = "XX"
)

// Runtime is a language of GET /api/v2/runtimes.
type Runtime struct {
	Language string   `json:"language"`
	Version  string   `json:"version"`
	Aliases  []string `json:"aliases"`
	Runtime  string   `json:"runtime,omitempty"`
}
