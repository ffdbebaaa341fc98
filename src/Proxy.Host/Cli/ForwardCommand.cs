using System.CommandLine;

namespace Proxy.Host.Cli;

/// <summary><c>proxy forward</c>: runs one Forward route from options, without a configuration file.</summary>
internal static class ForwardCommand
{
    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "The address to listen on, such as 127.0.0.1:11000.", Required = true };
        var to = new Option<string>("--to") { Description = "The address to connect to, such as 127.0.0.1:6379.", Required = true };
        var admin = OneRoute.AdminOption();
        var command = new Command("forward", "Forwards one address, without a configuration file.") { listen, to, admin };
        command.SetAction(
            (parsed, _) =>
            {
                var target = parsed.GetValue(to)!;
                var address =
                    target.Contains("://", StringComparison.Ordinal) || target.StartsWith("unix:", StringComparison.Ordinal)
                        ? target
                        : $"tcp://{target}";
                return new OneRoute("forward", parsed.GetValue(listen)!, address).RunAsync(parsed.GetValue(admin));
            }
        );
        return command;
    }
}
