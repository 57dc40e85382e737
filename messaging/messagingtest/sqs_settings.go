package messagingtest

import (
	"encoding/json"
	"maps"
	"strconv"
	"strings"
	"time"
)

// The limits of SQS, as AWS documents them.
const (
	maxMessageSize    = 1 << 20 // bytes; of a message and of a batch
	maxBatchEntries   = 10
	maxAttributes     = 10
	maxVisibility     = 12 * time.Hour
	maxInFlight       = 120_000
	queueQuarantine   = 60 * time.Second // before a deleted name can be used again
	purgeInterval     = 60 * time.Second
	maxDelaySeconds   = 900
	maxWaitSeconds    = 20
	maxVisibleSeconds = 43_200
)

// settings are the attributes that a user set on a queue.
type settings struct {
	fifo   bool
	values map[string]string
}

// numericAttribute is a queue attribute that is a number.
type numericAttribute struct {
	name               string
	min, max, standard int
}

func numericAttributes() []numericAttribute {
	return []numericAttribute{
		{"DelaySeconds", 0, maxDelaySeconds, 0},
		{"MaximumMessageSize", 1024, maxMessageSize, maxMessageSize},
		{"MessageRetentionPeriod", 60, 1_209_600, 345_600},
		{"ReceiveMessageWaitTimeSeconds", 0, maxWaitSeconds, 0},
		{"VisibilityTimeout", 0, maxVisibleSeconds, 30},
	}
}

func (s settings) seconds(name string, standard int) time.Duration {
	return time.Duration(s.number(name, standard)) * time.Second
}

func (s settings) number(name string, standard int) int {
	if n, err := strconv.Atoi(s.values[name]); err == nil {
		return n
	}
	return standard
}

func (s settings) delay() time.Duration      { return s.seconds("DelaySeconds", 0) }
func (s settings) retention() time.Duration  { return s.seconds("MessageRetentionPeriod", 345_600) }
func (s settings) wait() time.Duration       { return s.seconds("ReceiveMessageWaitTimeSeconds", 0) }
func (s settings) visibility() time.Duration { return s.seconds("VisibilityTimeout", 30) }
func (s settings) maxSize() int              { return s.number("MaximumMessageSize", maxMessageSize) }

func (s settings) contentDedup() bool { return s.values["ContentBasedDeduplication"] == "true" }

func (s settings) perGroupDedup() bool { return s.values["DeduplicationScope"] == "messageGroup" }

// redrivePolicy is the parsed RedrivePolicy attribute.
type redrivePolicy struct {
	Target string       `json:"deadLetterTargetArn"`
	Max    lenientCount `json:"maxReceiveCount"`
}

// lenientCount is a number that may be in quotes.
type lenientCount struct {
	n   int
	set bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (c *lenientCount) UnmarshalJSON(data []byte) error {
	n, err := strconv.Atoi(strings.Trim(string(data), `"`))
	c.n, c.set = n, true
	return err
}

// redrive returns the redrive policy; ok is false when there is none.
func (s settings) redrive() (redrivePolicy, bool) {
	raw := s.values["RedrivePolicy"]
	if raw == "" {
		return redrivePolicy{}, false
	}
	var p redrivePolicy
	if json.Unmarshal([]byte(raw), &p) != nil || p.Target == "" {
		return redrivePolicy{}, false
	}
	return p, true
}

// allowPolicy is the parsed RedriveAllowPolicy attribute.
type allowPolicy struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns"`
}

// allows says whether source may name this queue as its dead-letter queue.
func (s settings) allows(source string) bool {
	var p allowPolicy
	if json.Unmarshal([]byte(s.values["RedriveAllowPolicy"]), &p) != nil {
		return true
	}
	switch p.Permission {
	case "denyAll":
		return false
	case "byQueue":
		for _, arn := range p.Sources {
			if arn == source {
				return true
			}
		}
		return false
	}
	return true
}

// with returns the settings changed by values; the caller has checked them.
// An empty value takes an optional attribute away.
func (s settings) with(values map[string]string) settings {
	merged := maps.Clone(s.values)
	if merged == nil {
		merged = map[string]string{}
	}
	for name, value := range values {
		if value == "" {
			delete(merged, name)
			continue
		}
		merged[name] = value
	}
	return settings{fifo: s.fifo, values: merged}
}

// check says what is wrong with values for a queue of this kind.
func (s *SQS) check(arn string, fifo bool, values map[string]string) error {
	for _, name := range sortedKeys(values) {
		if err := s.checkAttribute(arn, fifo, name, values[name]); err != nil {
			return err
		}
	}
	if values["FifoThroughputLimit"] == "perMessageGroupId" && values["DeduplicationScope"] == "queue" {
		return sqsError("InvalidAttributeValue", "Invalid value for the parameter FifoThroughputLimit. Reason: "+
			"The value perMessageGroupId is allowed only when the value for DeduplicationScope is messageGroup.")
	}
	return nil
}

func (s *SQS) checkAttribute(arn string, fifo bool, name, value string) error {
	for _, a := range numericAttributes() {
		if a.name == name {
			if n, err := strconv.Atoi(value); err != nil || n < a.min || n > a.max {
				return invalidAttribute(name)
			}
			return nil
		}
	}
	switch name {
	case "Policy":
		if value != "" && !json.Valid([]byte(value)) {
			return invalidAttribute(name)
		}
	case "RedrivePolicy":
		return s.checkRedrive(arn, fifo, value)
	case "RedriveAllowPolicy":
		return checkAllow(value)
	case "KmsMasterKeyId", "KmsDataKeyReusePeriodSeconds", "SqsManagedSseEnabled": // stored; nothing is encrypted
	case "FifoQueue":
		if value != "true" && value != "false" {
			return invalidAttribute(name)
		}
	case "ContentBasedDeduplication":
		if !fifo {
			return unknownAttribute(name)
		}
		return oneOf(name, value, "true", "false")
	case "DeduplicationScope":
		return fifoOnly(fifo, name, value, "messageGroup", "queue")
	case "FifoThroughputLimit":
		return fifoOnly(fifo, name, value, "perQueue", "perMessageGroupId")
	default:
		return unknownAttribute(name)
	}
	return nil
}

// lowerBooleans is the attributes with true and false in lower case, in which
// they are kept; SQS takes them in any.
func lowerBooleans(attributes map[string]string) map[string]string {
	out := maps.Clone(attributes)
	for _, name := range []string{"FifoQueue", "ContentBasedDeduplication", "SqsManagedSseEnabled"} {
		if value := strings.ToLower(out[name]); value == "true" || value == "false" {
			out[name] = value
		}
	}
	return out
}

func oneOf(name, value string, values ...string) error {
	for _, v := range values {
		if v == value {
			return nil
		}
	}
	return invalidAttribute(name)
}

func fifoOnly(fifo bool, name, value string, values ...string) error {
	if !fifo {
		return sqsError("InvalidAttributeName", "You can specify the %s only when FifoQueue is set to true.", name)
	}
	return oneOf(name, value, values...)
}

func (s *SQS) checkRedrive(arn string, fifo bool, value string) error {
	if value == "" {
		return nil
	}
	reject := func(format string, args ...any) error {
		return invalidValue(value, "RedrivePolicy", format, args...)
	}
	var p redrivePolicy
	if err := json.Unmarshal([]byte(value), &p); err != nil {
		return reject("Redrive policy is not a valid JSON map.")
	}
	switch {
	case p.Target == "":
		return reject("Redrive policy does not contain mandatory attribute: deadLetterTargetArn.")
	case !p.Max.set:
		return reject("Redrive policy does not contain mandatory attribute: maxReceiveCount.")
	case p.Max.n < 1 || p.Max.n > 1000:
		return reject("Invalid value for maxReceiveCount: %d, valid values are from 1 to 1000 both inclusive.", p.Max.n)
	}
	target := s.queues[p.Target]
	switch {
	case target == nil:
		return reject("Dead letter target does not exist.")
	case target.settings.fifo != fifo:
		return reject("Dead letter target must be a queue of the same type as the source queue.")
	case !target.settings.allows(arn):
		return reject("Queue %s does not allow queue %s to use it as a dead letter queue.", p.Target, arn)
	}
	return nil
}

func checkAllow(value string) error {
	if value == "" {
		return nil
	}
	var p allowPolicy
	if json.Unmarshal([]byte(value), &p) != nil {
		return invalidValue(value, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
	}
	switch p.Permission {
	case "allowAll", "denyAll":
		if len(p.Sources) == 0 {
			return nil
		}
		return invalidValue(value, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy. sourceQueueArns may be given with byQueue only.")
	case "byQueue":
		if n := len(p.Sources); n >= 1 && n <= 10 {
			return nil
		}
		return invalidValue(value, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy. byQueue takes 1 to 10 sourceQueueArns.")
	}
	return invalidValue(value, "RedriveAllowPolicy", "Amazon SQS can't create the redrive allow policy, as it's in an unsupported format.")
}
