using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy certificates server</c>: a certificate for the names of a server, from the authority for development of the folder. It is also valid for
/// clients, so that both sides of TLS can be tried.
/// </summary>
internal static class ServerCertificateCommand
{
    /// <summary>The name of the command, which therefore no instance has.</summary>
    public const string Name = "server";

    /// <summary>Why no instance has it.</summary>
    public const string Reserved =
        $"'{Name}' is reserved for the command that makes certificates for TLS ('proxy certificates {Name} --name NAME'); choose another instance id.";

    private const int MostCommonName = 64;

    private static readonly Option<string[]> _names = new("--name")
    {
        Description = "A name of the server, a wildcard such as *.example.com, or an IP address; may be given several times.",
        Arity = ArgumentArity.OneOrMore,
        Required = true,
    };
    private static readonly CertificateFolder _certificates = new();
    private static readonly OutputOption _output = new();

    /// <param name="instances">The argument of the command above, which takes the instances that were written before this command.</param>
    public static Command Create(Argument<string[]> instances)
    {
        var command = new Command(
            Name,
            "Creates a certificate for TLS: an authority for development, unless the folder has one, and a certificate for the names of a server."
        )
        {
            _names,
        };
        _certificates.AddTo(command);
        command.Validators.Add(result =>
        {
            if (result.Parent is CommandResult above && above.GetResult(instances) is { Tokens.Count: > 0 })
            {
                result.AddError(Reserved);
            }
        });
        _output.AddTo(command);
        command.SetAction(static parsed => Run(parsed, TimeProvider.System));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider time)
    {
        var now = time.GetUtcNow();
        var error = FindError(parsed);
        string[] files = error is null ? [FileName(parsed.GetValue(_names)![0])] : [];
        return _certificates.Run(parsed, error, files, now, authority => Issue(parsed, authority, now));
    }

    private static string? FindError(ParseResult parsed)
    {
        var names = parsed.GetValue(_names)!;
        return Array.Find(names, static name => !IsName(name)) is { } wrong
                ? $"'{Printable.Shorten(wrong)}' is no name of a server; write one such as www.example.com or *.example.com (others as 'xn--…'), or an IP address."
            // Case is ignored, because some file systems ignore it.
            : FileName(names[0]).Equals(DevelopmentAuthority.Name, StringComparison.OrdinalIgnoreCase)
                ? $"'{DevelopmentAuthority.Name}' is reserved for the files of the authority; give another name first."
            : null;
    }

    private static void Issue(ParseResult parsed, DevelopmentAuthority authority, DateTimeOffset now)
    {
        string[] names = [.. parsed.GetValue(_names)!.Distinct(StringComparer.OrdinalIgnoreCase)];
        var path = _certificates.PathOf(parsed, FileName(names[0]));
        authority.Issue(
            path,
            names[0].Length <= MostCommonName ? names[0] : Name, // X.520 has no longer ones, and names are read from the alternative names
            now,
            _certificates.Until(parsed, now),
            alternative => Add(alternative, names)
        );
        var issued = new Issued($"{path}.crt", $"{path}.key", names, $"{_certificates.PathOf(parsed, DevelopmentAuthority.Name)}.crt");
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
            if (AddressOf(name) is { } address)
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
        return AddressOf(name) is not null
            || (
                Uri.CheckHostName(bare) == UriHostNameType.Dns
                && !bare.EndsWith('.')
                && bare.All(char.IsAscii)
                && !bare[(bare.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit) // which ends an address (RFC 3696, 2)
            );
    }

    // In full: "10" would be read as 0.0.0.10.
    private static IPAddress? AddressOf(string name) =>
        IPAddress.TryParse(name, out var address)
        && (
            address.AddressFamily == AddressFamily.InterNetwork
                ? address.ToString() == name
                : name.All(static letter => char.IsAsciiHexDigit(letter) || letter is ':' or '.')
        )
            ? address
            : null;

    // Of a wildcard and an IPv6 address, without what files cannot be named.
    private static string FileName(string name) => name.Replace("*", "_", StringComparison.Ordinal).Replace(':', '-').ToLowerInvariant();

    private sealed record Issued(string Certificate, string Key, IReadOnlyList<string> Names, string Authority);
}
