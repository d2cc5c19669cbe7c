import java.util.Scanner;

class Hello {
	public static void main(String[] args) {
		System.out.println("hello " + new Scanner(System.in).nextLine());
	}
}
