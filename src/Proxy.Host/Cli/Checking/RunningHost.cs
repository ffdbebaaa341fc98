using System.Text.Json.Nodes;
using Proxy.Configuration;
using Proxy.Configuration.Reading;
using Proxy.Host.Cli.Remote;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Checking;

/// <summary>What a running host makes of a configuration: what it would change there, and which addresses are its own.</summary>
internal sealed class RunningHost(string url, string? runs, ValidationAnswer answer, IReadOnlyList<EndpointAnswer> endpoints)
{
    // Kestrel's, the tunnel's and the admin address are among no endpoints; those that were not edited are the host's.
    private static readonly string[] _sections = ["Kestrel:", "Channels:Tunnel:", "Admin:"];

    /// <summary>Whether it would take the configuration: hooks and protocols in code may be missing there.</summary>
    public bool Accepts => answer.Valid;

    /// <exception cref="AdminException">It does not answer.</exception>
    public static async Task<RunningHost> CompareAsync(AdminClient host, IConfiguration configuration, CancellationToken cancellationToken)
    {
        using var document = JsonContent.Create(MergedDocument.Of(configuration));
        await document.LoadIntoBufferAsync(cancellationToken);
        var answer = await host.SendAsync<ValidationAnswer>(HttpMethod.Post, "api/configuration/validate", document, cancellationToken);
        var endpoints = await host.GetAsync<IReadOnlyList<EndpointAnswer>>("api/endpoints", cancellationToken);
        var status = await host.GetAsync<StatusAnswer>("api/status", cancellationToken);
        return new(host.Url, status.Revision?.Id, answer, endpoints);
    }

    /// <summary>Whether the host has this address already.</summary>
    public bool Runs(string path, string address) =>
        endpoints.Any(endpoint => endpoint.Bound is not null && endpoint.Address.Equals(address, StringComparison.OrdinalIgnoreCase))
        || Array.Exists(
            _sections,
            section =>
                path.StartsWith(section, StringComparison.OrdinalIgnoreCase) && !answer.Difference.Any(one => IsBelow(one.Path, section))
        );

    public void WriteTo(TextWriter output)
    {
        foreach (var problem in answer.Errors)
        {
            output.WriteLine($"{url} would refuse it: {Printable.Escape(problem.Text)}");
        }

        output.WriteLine(
            answer.Difference.Count == 0
                ? $"{url} runs this configuration ({runs})."
                : $"{answer.Difference.Count} differences to {url} ({runs}):"
        );
        foreach (var one in answer.Difference)
        {
            output.WriteLine(Printable.Escape(Line(one)));
        }
    }

    private static string Line(PostedDifference one) =>
        one.Running is null ? $"+ {one.Path}: {Text(one.Posted)}"
        : one.Posted is null ? $"- {one.Path}: {Text(one.Running)}"
        : $"~ {one.Path}: {Text(one.Running)} -> {Text(one.Posted)}";

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";

    private static bool IsBelow(string path, string section) => $"{path}:".StartsWith(section, StringComparison.OrdinalIgnoreCase);
}
