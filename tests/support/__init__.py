"""What tests of several rooms build their small worlds with."""
