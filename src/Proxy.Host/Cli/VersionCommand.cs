using System.CommandLine;
using System.Runtime.InteropServices;
using Proxy.Host.Cli.Output;
using Proxy.Host.Observability;

namespace Proxy.Host.Cli;

/// <summary><c>proxy version</c>: the version of the program, and what it runs on.</summary>
internal static class VersionCommand
{
    public static Command Create()
    {
        var output = new OutputOption();
        var command = new Command("version", "Prints the version of the program, of .NET and of the system.");
        output.AddTo(command);
        command.SetAction(parsed =>
        {
            var answer = new
            {
                Version = BuildVersion.Text,
                Runtime = RuntimeInformation.FrameworkDescription,
                System = $"{RuntimeInformation.OSDescription} {RuntimeInformation.OSArchitecture}",
            };
            output
                .PrinterFor(parsed)
                .Print(answer, writer => writer.WriteLine($"proxy {BuildVersion.Short}, {answer.Runtime}, {answer.System}"));
        });
        return command;
    }
}
