package lambdahost

import (
	"os"
	"os/exec"
)

// ownGroup does nothing: there are no process groups here.
func ownGroup(*exec.Cmd) {}

// killGroup kills a process.
func killGroup(p *os.Process) { _ = p.Kill() } // it may have ended

// terminate kills a process: there is no SIGTERM here.
func terminate(p *os.Process) { _ = p.Kill() } // it may have ended

// readAvailable does nothing: a pipe cannot be read without waiting here.
func readAvailable(*os.File, []byte, func([]byte)) {}
