using System.CommandLine;
using Proxy.Configuration.Channels;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;

namespace Proxy.Host.Cli;

/// <summary>
/// <c>proxy certificates</c>: creates a certificate authority for development, unless the folder has one, and a certificate for each
/// instance of channels, or with <c>server</c> for the names of a server. The authority's key is in the same folder, so a program that can read the
/// folder can impersonate any of them. Production needs an authority whose key is kept elsewhere.
/// </summary>
internal static class CertificatesCommand
{
    private static readonly Argument<string[]> _instances = new("INSTANCE")
    {
        Description = "The ids of the instances.",
        Arity = ArgumentArity.OneOrMore,
    };
    private static readonly Option<string> _domain = new("--domain")
    {
        Description = "The SPIFFE trust domain.",
        DefaultValueFactory = static _ => "example.org",
    };
    private static readonly Option<string> _group = new("--group")
    {
        Description = "The group of the instances.",
        DefaultValueFactory = static _ => "dev",
    };
    private static readonly CertificateFolder _certificates = new();
    private static readonly OutputOption _output = new();

    public static Command Create()
    {
        var command = new Command(
            "certificates",
            "Creates certificates for channels: an authority for development, and a certificate for each instance. With server: for TLS."
        )
        {
            _instances,
            _domain,
            _group,
        };
        _certificates.AddTo(command);
        _output.AddTo(command);
        command.Add(ServerCertificateCommand.Create(_instances));
        command.SetAction(static parsed => Run(parsed, TimeProvider.System));
        return command;
    }

    private static int Run(ParseResult parsed, TimeProvider time)
    {
        var now = time.GetUtcNow();
        string[] ids = [.. parsed.GetValue(_instances)!.Distinct()];
        return _certificates.Run(parsed, FindError(parsed), ids, now, authority => IssueAll(parsed, ids, authority, now));
    }

    private static string? FindError(ParseResult parsed)
    {
        var (domain, group) = (parsed.GetValue(_domain)!, parsed.GetValue(_group)!);
        return Array.Find([.. parsed.GetValue(_instances)!, group], static name => !ChannelNames.IsValid(name)) is { } name
                ? $"'{name}' is not a valid instance id or group; write {ChannelNames.Rule}."
            // Case is ignored, because some file systems ignore it.
            : parsed.GetValue(_instances)!.Contains(DevelopmentAuthority.Name, StringComparer.OrdinalIgnoreCase)
                ? $"'{DevelopmentAuthority.Name}' is reserved for the files of the authority; choose another instance id."
            : parsed.GetValue(_instances)!.Contains(ServerCertificateCommand.Name, StringComparer.OrdinalIgnoreCase)
                ? ServerCertificateCommand.Reserved
            : Uri.CheckHostName(domain) != UriHostNameType.Dns || domain.Any(char.IsAsciiLetterUpper)
                ? $"'{domain}' is not a valid trust domain; write a DNS name in lower case, such as example.org."
            : null;
    }

    private static void IssueAll(ParseResult parsed, string[] ids, DevelopmentAuthority authority, DateTimeOffset now)
    {
        var issued = new List<Issued>();
        foreach (var id in ids)
        {
            var (path, uri) = (_certificates.PathOf(parsed, id), $"spiffe://{parsed.GetValue(_domain)}/c/{parsed.GetValue(_group)}/i/{id}");
            authority.Issue(path, id, now, _certificates.Until(parsed, now), names => names.AddUri(new Uri(uri)));
            issued.Add(new($"{path}.crt", $"{path}.key", uri));
        }

        _output
            .PrinterFor(parsed)
            .Print(issued, writer => issued.ForEach(one => writer.WriteLine($"{Printable.Escape(one.Certificate)} {one.Uri}")));
    }

    private sealed record Issued(string Certificate, string Key, string Uri);
}
