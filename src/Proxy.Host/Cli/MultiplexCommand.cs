using System.CommandLine;
using System.Globalization;
using Proxy.Configuration.Multiplexing;
using Proxy.Host.Cli.Remote;

namespace Proxy.Host.Cli;

/// <summary><c>proxy multiplex</c>: runs one Multiplex route with the options of tcp-multiplexer.</summary>
internal static class MultiplexCommand
{
    private const string Ambiguous = "modbus-rtu";
    private const string None = "none";
    private static readonly TimeSpan _longestRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _shortestRetry = TimeSpan.FromMilliseconds(1);

    // Protocol names of tcp-multiplexer, and the names of the same protocols here.
    private static readonly Dictionary<string, string> _aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["echo"] = "line",
        ["http"] = "http1",
        ["modbus"] = "modbus-tcp",
        ["modbus-serial"] = "modbus-rtu-over-tcp",
    };

    private static readonly Option<string> _listen = new("--listen", "-l")
    {
        Description = "The port to listen on, or an address such as 127.0.0.1:8000.",
        DefaultValueFactory = static _ => "8000",
    };
    private static readonly Option<string> _target = new("--targetServer", "-t")
    {
        Description = "The address to connect to.",
        DefaultValueFactory = static _ => "127.0.0.1:1234",
    };
    private static readonly Option<string> _protocol = new("--applicationProtocol", "-p")
    {
        Description = "The protocol: a name from 'proxy protocols', or echo, http, modbus or modbus-serial as in tcp-multiplexer.",
        DefaultValueFactory = static _ => "echo",
    };
    private static readonly Option<int> _timeout = new("--timeout")
    {
        Description = "The longest time to wait for a reply, in seconds.",
        DefaultValueFactory = static _ => 60,
    };
    private static readonly Option<string?> _delay = new("--delay")
    {
        Description = "The pause between a connect to the target and the first request, such as 2s or 500ms.",
    };
    private static readonly Option<string?> _retryDelay = new("--retryDelay")
    {
        Description = "The pause after a failed connect, such as 1s.",
    };
    private static readonly Option<string?> _keepUnused = new("--keep-unused")
    {
        Description = "How long the connection to the target is kept after the last client has left, such as 5m; none keeps it for ever.",
    };
    private static readonly Option<string?> _requestDelay = new("--request-delay")
    {
        Description = "The pause between a reply and the next request, such as 20ms.",
    };
    private static readonly Option<ModbusWrites?> _writes = new("--writes")
    {
        Description = "What happens to Modbus requests that do not only read: allow, deny (exception 01), or ignore (answered, not sent).",
    };
    private static readonly Option<string?> _convert = new("--convert")
    {
        Description = "The protocol of the clients, if it is another framing of Modbus than that of the target.",
    };
    private static readonly Option<bool> _verbose = new("--verbose", "-v")
    {
        Description = "Accepted for compatibility with tcp-multiplexer; connections are always logged.",
    };
    private static readonly Option<bool> _debug = new("--debug", "-d") { Description = "Logs every message in hexadecimal." };

    public static Command Create()
    {
        _protocol.Validators.Add(static result =>
        {
            if (Ambiguous.Equals(result.GetValue(_protocol), StringComparison.OrdinalIgnoreCase))
            {
                result.AddError(
                    "modbus-rtu is ambiguous: write modbus-tcp-crc for Modbus TCP with a CRC at the end of each message, as in tcp-multiplexer, "
                        + "or modbus-rtu-over-tcp for plain RTU frames."
                );
            }
        });
        Check(_delay);
        Check(_retryDelay);
        Check(_requestDelay);
        Check(_keepUnused, None);
        var admin = OneRoute.AdminOption();
        var command = new Command(
            "multiplex",
            "Shares one connection to a server among many clients, without a file. Subcommands: the multiplexed destinations of a running host."
        )
        {
            _listen,
            _target,
            _protocol,
            _timeout,
            _delay,
            _retryDelay,
            _requestDelay,
            _keepUnused,
            _writes,
            _convert,
            _verbose,
            _debug,
            admin,
        };
        command.SetAction((parsed, _) => Route(parsed).RunAsync(parsed.GetValue(admin), parsed.GetValue(_debug)));
        foreach (var verb in MultiplexVerbs.Create())
        {
            command.Add(verb);
        }

        return command;
    }

    private static void Check(Option<string?> option, string? word = null) =>
        option.Validators.Add(result =>
        {
            if (
                result.GetValue(option) is { } text
                && !text.Equals(word, StringComparison.OrdinalIgnoreCase)
                && !GoDuration.TryParse(text, out _)
            )
            {
                result.AddError($"{option.Name}: '{text}' is not a duration of at most 24h; write it like 2s, 500ms or 1m30s.");
            }
        });

    private static OneRoute Route(ParseResult parsed)
    {
        var listen = parsed.GetValue(_listen)!;
        var target = parsed.GetValue(_target)!;
        var route = new OneRoute(
            "multiplex",
            listen.All(char.IsAsciiDigit) ? $"*:{listen}" : listen,
            target.Contains("://", StringComparison.Ordinal) || target.StartsWith("unix:", StringComparison.Ordinal)
                ? target
                : $"tcp://{target}"
        );
        var protocol = parsed.GetValue(_protocol)!;
        route.Set("Mode", "Multiplex");
        route.SetCluster("Multiplex:Protocol", _aliases.GetValueOrDefault(protocol, protocol));
        route.SetCluster("Multiplex:ResponseTimeout", Text(TimeSpan.FromSeconds(parsed.GetValue(_timeout))));
        if (Read(parsed, _delay) is { } delay)
        {
            route.SetCluster("Multiplex:ConnectDelay", Text(delay));
        }

        if (Read(parsed, _retryDelay) is { } retry)
        {
            // tcp-multiplexer allows 0 and uses a fixed pause. RetryDelay must be positive, and doubles up to MaxRetryDelay, which must not be
            // smaller.
            route.SetCluster("Multiplex:RetryDelay", Text(retry > _shortestRetry ? retry : _shortestRetry));
            route.SetCluster("Multiplex:MaxRetryDelay", Text(retry > _longestRetry ? retry : _longestRetry));
        }

        if (Read(parsed, _requestDelay) is { } pause)
        {
            route.SetCluster("Multiplex:RequestDelay", Text(pause));
        }

        if (parsed.GetValue(_keepUnused) is not null)
        {
            route.SetCluster("Multiplex:KeepUnused", Read(parsed, _keepUnused) is { } time ? Text(time) : "None");
        }

        if (parsed.GetValue(_writes) is { } writes)
        {
            route.Set("Multiplex:Modbus:Writes", writes.ToString());
        }

        if (parsed.GetValue(_convert) is { } clients)
        {
            route.Set("Multiplex:Protocol", _aliases.GetValueOrDefault(clients, clients));
        }

        return route;
    }

    private static TimeSpan? Read(ParseResult parsed, Option<string?> option) =>
        parsed.GetValue(option) is { } text && GoDuration.TryParse(text, out var duration) ? duration : null;

    private static string Text(TimeSpan duration) => duration.ToString("c", CultureInfo.InvariantCulture);
}
