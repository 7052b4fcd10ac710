"""What moto lacks and the AWS provider asks for. Each module says what it adds; none changes what moto answers rightly."""
