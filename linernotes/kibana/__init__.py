"""What Kibana shows of the data: objects made from the field table, checked against it, and sent to Kibana."""
