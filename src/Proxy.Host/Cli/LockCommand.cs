using System.CommandLine;
using System.Globalization;
using Proxy.Configuration.Routes;
using Proxy.Host.Cli.Remote;

namespace Proxy.Host.Cli;

/// <summary><c>proxy lock</c>: runs one Lock route with the options of tcplock. Times are in milliseconds.</summary>
internal static class LockCommand
{
    private const int None = -1;

    private static readonly Option<int> _listenPort = new("--listenPort", "-l") { Description = "The port to listen on.", Required = true };
    private static readonly Option<string> _localHost = new("--localHost")
    {
        Description = "The address to listen on; * for all.",
        DefaultValueFactory = static _ => "*",
    };
    private static readonly Option<int> _proxyPort = new("--proxyPort", "-p") { Description = "The port of the service.", Required = true };
    private static readonly Option<string> _proxyHost = new("--proxyHost", "-h")
    {
        Description = "The host of the service.",
        DefaultValueFactory = static _ => "localhost",
    };
    private static readonly Option<int> _connections = new("--totalConnections", "-n")
    {
        Description = "The number of clients that may be connected to the service at the same time.",
        DefaultValueFactory = static _ => 1,
    };
    private static readonly Option<int> _timeout = new("--timeout", "-t")
    {
        Description = "The longest time that a client may be connected to the service, in milliseconds; -1 for no limit.",
        DefaultValueFactory = static _ => None,
    };
    private static readonly Option<int> _idle = new("--idle")
    {
        Description =
            "The longest time without a byte in either direction after which a client loses its place at the service, in milliseconds; -1 for no limit.",
        DefaultValueFactory = static _ => (int)new TcpRouteConfig().IdleTimeout.TotalMilliseconds,
    };
    private static readonly Option<int> _halfClose = new("--half-close")
    {
        Description = "The longest time after the client or the service has finished sending, in milliseconds; -1 for no limit.",
        DefaultValueFactory = static _ =>
            (int)
                new TcpRouteConfig { Mode = TcpMode.Lock }
                    .HalfCloseTimeout
                    .TotalMilliseconds,
    };
    private static readonly Option<string?> _onActivate = new("--on-activate")
    {
        Description = "A shell command that runs for every client before the connection to the service is opened.",
    };
    private static readonly Option<string?> _onTimeout = new("--on-timeout")
    {
        Description = "A shell command that runs after --timeout has ended a client's connection, before the next client is connected.",
    };

    public static Command Create()
    {
        var admin = OneRoute.AdminOption();
        var command = new Command(
            "lock",
            "Connects clients to a service one after the other, without a file (-h is the service's host here: use --help). Subcommands: the locks of a running host."
        )
        {
            _listenPort,
            _localHost,
            _proxyPort,
            _proxyHost,
            _connections,
            _timeout,
            _idle,
            _halfClose,
            _onActivate,
            _onTimeout,
            admin,
        };
        command.SetAction((parsed, _) => Route(parsed).RunAsync(parsed.GetValue(admin)));
        foreach (var verb in LockVerbs.Create())
        {
            command.Add(verb);
        }

        return command;
    }

    private static OneRoute Route(ParseResult parsed)
    {
        var route = new OneRoute(
            "lock",
            FormattableString.Invariant($"{Bracketed(parsed.GetValue(_localHost)!)}:{parsed.GetValue(_listenPort)}"),
            FormattableString.Invariant($"tcp://{Bracketed(parsed.GetValue(_proxyHost)!)}:{parsed.GetValue(_proxyPort)}")
        );
        route.Set("Mode", "Lock");
        route.Set("Lock:Permits", parsed.GetValue(_connections).ToString(CultureInfo.InvariantCulture));
        route.Set("Lock:MaxHold", Duration(parsed.GetValue(_timeout)));
        route.Set("IdleTimeout", Duration(parsed.GetValue(_idle)));
        route.Set("HalfCloseTimeout", Duration(parsed.GetValue(_halfClose)));
        SetCommand(route, "OnActivate", parsed.GetValue(_onActivate));
        SetCommand(route, "OnTimeout", parsed.GetValue(_onTimeout));
        return route;
    }

    private static string Duration(int milliseconds) =>
        milliseconds == None ? "None" : TimeSpan.FromMilliseconds(milliseconds).ToString("c", CultureInfo.InvariantCulture);

    // An IPv6 address needs brackets if a port follows.
    private static string Bracketed(string host) =>
        host.Contains(':', StringComparison.Ordinal) && !host.StartsWith('[') ? $"[{host}]" : host;

    private static void SetCommand(OneRoute route, string list, string? command)
    {
        string[] shell = OperatingSystem.IsWindows() ? ["cmd.exe", "/c"] : ["/bin/sh", "-c"];
        foreach (var (index, argument) in (command is null ? [] : shell.Append(command)).Index())
        {
            route.Set(FormattableString.Invariant($"Lock:{list}:0:Exec:{index}"), argument);
        }
    }
}
