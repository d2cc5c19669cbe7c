package gojudge

// Request is the body of POST /run.
type Request struct {
	RequestID   string    `json:"requestId,omitempty"` // of go-judge's WebSocket; it has no effect here
	Cmd         []Cmd     `json:"cmd"`
	PipeMapping []PipeMap `json:"pipeMapping,omitempty"`
}

// Cmd is a program to run. Times are nanoseconds and sizes bytes.
type Cmd struct {
	Args  []string   `json:"args"`
	Env   []string   `json:"env,omitempty"`   // nil: empty
	Files []*CmdFile `json:"files,omitempty"` // descriptors from 0 on; nil: a pipe's
	TTY   bool       `json:"tty,omitempty"`

	CPULimit     uint64 `json:"cpuLimit,omitempty"`
	RealCPULimit uint64 `json:"realCpuLimit,omitempty"` // an older name of clockLimit
	ClockLimit   uint64 `json:"clockLimit,omitempty"`
	MemoryLimit  uint64 `json:"memoryLimit,omitempty"`
	StackLimit   uint64 `json:"stackLimit,omitempty"`
	ProcLimit    uint64 `json:"procLimit,omitempty"`
	CPUSetLimit  string `json:"cpuSetLimit,omitempty"` // such as "0-1,3"

	StrictMemoryLimit bool `json:"strictMemoryLimit,omitempty"` // an older name of dataSegmentLimit
	DataSegmentLimit  bool `json:"dataSegmentLimit,omitempty"`
	AddressSpaceLimit bool `json:"addressSpaceLimit,omitempty"`

	CopyIn          map[string]*CmdFile `json:"copyIn,omitempty"`
	CopyOut         []string            `json:"copyOut,omitempty"`
	CopyOutCached   []string            `json:"copyOutCached,omitempty"`
	CopyOutMax      uint64              `json:"copyOutMax,omitempty"`
	CopyOutTruncate bool                `json:"copyOutTruncate,omitempty"`

	// Refused.
	CPURateLimit uint64  `json:"cpuRateLimit,omitempty"`
	CPURate      float64 `json:"cpuRate,omitempty"`
	CopyOutDir   string  `json:"copyOutDir,omitempty"`
}

// CmdFile is where a file comes from, or what collects what is written to a descriptor. It is one of
// content, fileId, symlink, or name with max.
type CmdFile struct {
	Content *string `json:"content,omitempty"`
	FileID  *string `json:"fileId,omitempty"`
	Symlink *string `json:"symlink,omitempty"` // in copyIn
	Name    *string `json:"name,omitempty"`    // in files
	Max     *int64  `json:"max,omitempty"`     // bytes
	Pipe    bool    `json:"pipe,omitempty"`    // every collector is a pipe here

	// Refused.
	Src       *string `json:"src,omitempty"`
	StreamIn  any     `json:"streamIn,omitempty"`
	StreamOut any     `json:"streamOut,omitempty"`
}

// PipeMap is a pipe from one command to another, or to itself.
type PipeMap struct {
	In  PipeIndex `json:"in"`  // what is written to
	Out PipeIndex `json:"out"` // what is read from
	// Proxy carries the data through us: what is written when nobody reads any more is thrown away.
	Proxy bool   `json:"proxy,omitempty"`
	Name  string `json:"name,omitempty"` // with proxy: of a file with what went through, of the writer's
	Max   int64  `json:"max,omitempty"`  // bytes of it; the pipe goes on after them
}

// PipeIndex is a descriptor of a command.
type PipeIndex struct {
	Index int `json:"index"`
	FD    int `json:"fd"`
}

// Status says how a command ended.
type Status string

const (
	StatusAccepted            Status = "Accepted"
	StatusMemoryLimitExceeded Status = "Memory Limit Exceeded"
	StatusTimeLimitExceeded   Status = "Time Limit Exceeded"
	StatusOutputLimitExceeded Status = "Output Limit Exceeded"
	StatusFileError           Status = "File Error"
	StatusNonzeroExitStatus   Status = "Nonzero Exit Status"
	StatusSignalled           Status = "Signalled"
	StatusInternalError       Status = "Internal Error"
)

// Result is what became of a command. An answer to POST /run is a list of them, in the order of cmd.
type Result struct {
	Status     Status            `json:"status"`
	ExitStatus int               `json:"exitStatus"` // exit code, or the number of the signal
	Error      string            `json:"error,omitempty"`
	Time       uint64            `json:"time"`    // CPU time, in nanoseconds
	Memory     uint64            `json:"memory"`  // bytes
	RunTime    uint64            `json:"runTime"` // wall time, in nanoseconds
	ProcPeak   uint64            `json:"procPeak,omitempty"`
	Files      map[string]string `json:"files,omitempty"`   // name to content; what is no UTF-8 becomes U+FFFD
	FileIDs    map[string]string `json:"fileIds,omitempty"` // name to id
	FileError  []FileError       `json:"fileError,omitempty"`
}

// FileError says what is wrong with a file of a command.
type FileError struct {
	Name    string        `json:"name"`
	Type    FileErrorType `json:"type"`
	Message string        `json:"message,omitempty"`
}

// FileErrorType says what was being done with the file.
type FileErrorType string

const (
	CopyInOpenFile        FileErrorType = "CopyInOpenFile"
	CopyInCreateFile      FileErrorType = "CopyInCreateFile"
	CopyInCopyContent     FileErrorType = "CopyInCopyContent"
	CopyOutOpen           FileErrorType = "CopyOutOpen"
	CopyOutNotRegularFile FileErrorType = "CopyOutNotRegularFile"
	CopyOutSizeExceeded   FileErrorType = "CopyOutSizeExceeded"
	CopyOutCreateFile     FileErrorType = "CopyOutCreateFile"
	CopyOutCopyContent    FileErrorType = "CopyOutCopyContent"
	CollectSizeExceeded   FileErrorType = "CollectSizeExceeded"
)
