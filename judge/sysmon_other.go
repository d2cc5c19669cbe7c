//go:build !linux

package judge

// CalmSysmon does nothing here.
func CalmSysmon() {}
