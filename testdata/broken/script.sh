#!/bin/sh
# Fetches a day of logs.
aws s3 sync "s3://acme-logs/AWSLogs/$1/CloudTrail/" .
