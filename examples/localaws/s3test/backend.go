package s3test

import (
	"io"
	"net/textproto"
	"strings"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
)

// backend is that of gofakes3, where S3 answers otherwise.
type backend struct {
	*s3mem.Backend
}

// ListBucket lists a page. The backend's own pages say that there are more where the
// keys that follow have another prefix, and list a common prefix with every page.
func (b backend) ListBucket(name string, prefix *gofakes3.Prefix, page gofakes3.ListBucketPage) (*gofakes3.ObjectList, error) {
	rest, err := b.Backend.ListBucket(name, prefix, gofakes3.ListBucketPage{Marker: page.Marker, HasMarker: page.HasMarker})
	if err != nil || page.MaxKeys <= 0 {
		return rest, err
	}
	list := gofakes3.NewObjectList()
	keys, prefixes := rest.Contents, rest.CommonPrefixes
	for count := int64(0); len(keys)+len(prefixes) > 0; count++ {
		if len(prefixes) > 0 && prefixes[0].Prefix == page.Marker { // it was the last of the page before
			prefixes = prefixes[1:]
			count--
			continue
		}
		if count == page.MaxKeys {
			list.IsTruncated = true
			return list, nil
		}
		if len(prefixes) == 0 || len(keys) > 0 && keys[0].Key < prefixes[0].Prefix {
			list.Add(keys[0])
			list.NextMarker, keys = keys[0].Key, keys[1:]
		} else {
			list.AddPrefix(prefixes[0].Prefix)
			list.NextMarker, prefixes = prefixes[0].Prefix, prefixes[1:]
		}
	}
	list.NextMarker = ""
	return list, nil
}

// gone is the value of metadata that the object before had.
const gone = "\x00"

// PutObject replaces an object. The backend keeps the metadata of the one before,
// and all headers of the request.
func (b backend) PutObject(bucket, key string, meta map[string]string, body io.Reader, size int64, conditions *gofakes3.PutConditions) (gofakes3.PutObjectResult, error) {
	for name := range meta {
		if !kept(name) {
			delete(meta, name)
		}
	}
	if before, err := b.HeadObject(bucket, key); err == nil {
		for name := range before.Metadata {
			if _, ok := meta[name]; !ok {
				meta[name] = gone
			}
		}
	}
	return b.Backend.PutObject(bucket, key, meta, body, size, conditions)
}

// kept says that S3 keeps a header of a request with the object.
func kept(header string) bool {
	name, amazon := strings.CutPrefix(textproto.CanonicalMIMEHeaderKey(header), "X-Amz-")
	if !amazon {
		return true
	}
	checksum, ok := strings.CutPrefix(name, "Checksum-")
	return ok && checksum != "Algorithm" || strings.HasPrefix(name, "Meta-") || name == "Website-Redirect-Location"
}
