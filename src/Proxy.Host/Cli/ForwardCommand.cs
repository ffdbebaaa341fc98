using System.CommandLine;

namespace Proxy.Host.Cli;

/// <summary><c>proxy forward</c>: one route, without a file.</summary>
internal static class ForwardCommand
{
    public static Command Create()
    {
        var listen = new Option<string>("--listen") { Description = "Where to listen, 127.0.0.1:11000 say.", Required = true };
        var to = new Option<string>("--to") { Description = "Where to connect to, 127.0.0.1:6379 say.", Required = true };
        var admin = OneRoute.AdminOption();
        var command = new Command("forward", "Forwards one address, without a file.") { listen, to, admin };
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
