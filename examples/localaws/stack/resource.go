package stack

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/aws/smithy-go"

	"github.com/patternkit/serverless/internal/cfn"
)

// resource is a resource of the template while it is created.
type resource struct {
	*cfn.Resource
	*deployment
	properties *cfn.Value
}

// decode reads the properties into a struct of those that are known.
func (r *resource) decode(into any) error {
	return r.properties.Decode(into)
}

// errorf is an error about the resource, with its line of the template.
func (r *resource) errorf(format string, args ...any) error {
	return &cfn.Error{Path: r.template, Line: r.Line, Resource: r.ID + " (" + r.Type + ")", Text: fmt.Sprintf(format, args...)}
}

// refused says that a service does not take the resource, in the words of the
// service; nil when it does.
func (r *resource) refused(err error) error {
	var failure smithy.APIError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &failure) && failure.ErrorMessage() == "":
		return r.errorf("%s", failure.ErrorCode())
	case errors.As(err, &failure):
		return r.errorf("%s: %s", failure.ErrorCode(), failure.ErrorMessage())
	}
	return r.errorf("%v", err)
}

// physicalName is the name that the template gives, or one made of the stack's
// name and the logical id. CloudFormation adds a random part, which a test could
// not know.
func (r *resource) physicalName(given string) string {
	if given != "" {
		return given
	}
	return r.Name + "-" + r.ID
}

func (r *resource) arn(service, path string) string {
	return fmt.Sprintf("arn:aws:%s:%s:%s:%s", service, r.config.Region, account, path)
}

// file reads a file that the template names.
func (r *resource) file(name string) ([]byte, error) {
	if r.opts.FS != nil {
		return fs.ReadFile(r.opts.FS, path.Join(r.folder, name))
	}
	return os.ReadFile(filepath.Join(r.folder, name))
}
