using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Hosting;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy certificates server</c>: a certificate for the names of a server, from the authority for development of the folder. It is also valid for
/// clients, so that both sides of TLS can be tried.
/// </summary>
internal static class ServerCertificateCommand
{
    private const int MostDays = 3650;
    private const int MostCommonName = 64;

    private static readonly Option<string[]> _names = new("--name")
    {
        Description = "A name of the server, a wildcard such as *.example.com, or an IP address; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        Required = true,
    };
    private static readonly Option<string> _folder = new("--folder")
    {
        Description = "The folder of the certificates and keys.",
        DefaultValueFactory = static _ => "certs",
    };
    private static readonly Option<int> _days = new("--days")
    {
        Description = "The number of days for which the certificate is valid, 1 to 3650.",
        DefaultValueFactory = static _ => 365,
    };

    private static readonly OutputOption _output = new();

    public static Command Create()
    {
        var command = new Command(
            "server",
            "Creates a certificate for TLS: an authority for development, unless the folder has one, and a certificate for the names of a server."
        )
        {
            _names,
            _folder,
            _days,
        };
        _output.AddTo(command);
        command.SetAction(static parsed => Run(parsed, TimeProvider.System));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider time)
    {
        if (FindError(parsed) is { } error)
        {
            parsed.InvocationConfiguration.Error.WriteLine(error);
            return ExitCode.BadInput;
        }

        try
        {
            Issue(parsed, time.GetUtcNow());
            return ExitCode.Ok;
        }
        catch (Exception exception)
            when (exception is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            parsed.InvocationConfiguration.Error.WriteLine($"{parsed.GetValue(_folder)}: {exception.Message}");
            return ExitCode.BadInput;
        }
    }

    private static string? FindError(ParseResult parsed)
    {
        var (names, days) = (parsed.GetValue(_names)!, parsed.GetValue(_days));
        return Array.Find(names, static name => !IsName(name)) is { } wrong
                ? $"'{Printable.Shorten(wrong)}' is no name of a server; write one such as www.example.com or *.example.com (others as 'xn--…'), or an IP address."
            // Case is ignored, because some file systems ignore it.
            : FileName(names[0]).Equals(DevelopmentAuthority.Name, StringComparison.OrdinalIgnoreCase)
                ? $"'{DevelopmentAuthority.Name}' is reserved for the files of the authority; give another name first."
            : days is < 1 or > MostDays ? $"--days {days} is out of range; write 1 to {MostDays}."
            : null;
    }

    private static void Issue(ParseResult parsed, DateTimeOffset now)
    {
        var folder = Directory.CreateDirectory(parsed.GetValue(_folder)!).FullName;
        using var authority = new DevelopmentAuthority(folder, now);
        string[] names = [.. parsed.GetValue(_names)!.Distinct(StringComparer.OrdinalIgnoreCase)];
        var path = Path.Combine(folder, FileName(names[0]));
        authority.Issue(
            path,
            names[0].Length <= MostCommonName ? names[0] : "server", // X.520 has no longer ones, and names are read from the alternative names
            now,
            now.AddDays(parsed.GetValue(_days)),
            alternative => Add(alternative, names)
        );
        var issued = new Issued($"{path}.crt", $"{path}.key", names, Path.Combine(folder, $"{DevelopmentAuthority.Name}.crt"));
        _output
            .PrinterFor(parsed)
            .Print(
                issued,
                writer =>
                    writer.WriteLine(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"{Printable.Escape(issued.Certificate)} {string.Join(' ', issued.Names)}"
                        )
                    )
            );
    }

    private static void Add(SubjectAlternativeNameBuilder alternative, string[] names)
    {
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternative.AddIpAddress(address);
            }
            else
            {
                alternative.AddDnsName(name);
            }
        }
    }

    private static bool IsName(string name)
    {
        var bare = name.StartsWith("*.", StringComparison.Ordinal) ? name[2..] : name;
        return IPAddress.TryParse(name, out _)
            || (Uri.CheckHostName(bare) == UriHostNameType.Dns && !bare.EndsWith('.') && bare.All(char.IsAscii));
    }

    // Of a wildcard and an IPv6 address, without what files cannot be named.
    private static string FileName(string name) => name.Replace("*", "_", StringComparison.Ordinal).Replace(':', '-').ToLowerInvariant();

    private sealed record Issued(string Certificate, string Key, IReadOnlyList<string> Names, string Authority);
}
