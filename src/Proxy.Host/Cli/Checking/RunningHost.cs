using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Output;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Checking;

/// <summary>
/// Compares a configuration with a running host: whether the host accepts it, what it would change, and on which addresses the host
/// listens already.
/// </summary>
internal sealed class RunningHost(string url, string? runs, ValidationAnswer answer, IReadOnlyList<EndpointAnswer> endpoints)
{
    // The API does not list the addresses of these sections as endpoints. If a section is unchanged, the host listens on its addresses.
    private static readonly string[] _sections = ["Kestrel:", "Channels:Tunnel:", "Admin:"];

    /// <summary>Whether the host accepts the configuration. It may lack hooks or protocols that are implemented in code.</summary>
    public bool Accepts => answer.Valid;

    /// <summary>The URL of its admin endpoint.</summary>
    public string Url => url;

    /// <exception cref="AdminException">The host does not answer.</exception>
    public static async Task<RunningHost> CompareAsync(AdminClient host, IConfiguration configuration, CancellationToken cancellationToken)
    {
        using var document = JsonContent.Create(MergedDocument.Of(configuration));
        await document.LoadIntoBufferAsync(cancellationToken);
        var answer = await host.SendAsync<ValidationAnswer>(HttpMethod.Post, "api/configuration/validate", document, cancellationToken);
        var endpoints = await host.GetAsync<IReadOnlyList<EndpointAnswer>>("api/endpoints", cancellationToken);
        var status = await host.GetAsync<StatusAnswer>("api/status", cancellationToken);
        return new(host.Url, status.Revision?.Id, answer, endpoints);
    }

    /// <summary>Whether the host listens on an address already, so that a bind by the probe would fail.</summary>
    public bool Listens(string path, string address) =>
        endpoints.Any(endpoint => endpoint.Bound is not null && endpoint.Address.Equals(address, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(
            _sections,
            section =>
                path.StartsWith(section, StringComparison.OrdinalIgnoreCase)
                && !answer.Difference.Any(difference => IsBelow(difference.Path, section))
        );

    /// <summary>The comparison as a record, for JSON.</summary>
    public AgainstAnswer Describe() => new(url, runs, answer.Valid, answer.Errors, answer.Difference);

    public void WriteTo(TextWriter output)
    {
        foreach (var problem in answer.Errors)
        {
            output.WriteLine($"{url} would reject this configuration: {Printable.Escape(problem.Text)}");
        }

        output.WriteLine(
            answer.Difference.Count == 0
                ? $"{url} runs this configuration ({runs})."
                : $"{answer.Difference.Count} differences to {url} ({runs}):"
        );
        foreach (var difference in answer.Difference)
        {
            output.WriteLine(DifferenceText.Line(difference));
        }
    }

    private static bool IsBelow(string path, string section) => $"{path}:".StartsWith(section, StringComparison.OrdinalIgnoreCase);
}
