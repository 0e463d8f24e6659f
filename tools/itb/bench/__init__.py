"""What is measured with a scale: the calibration of a board, and the accuracy of its flow."""
