using System.Text.Json.Nodes;
using Proxy.Configuration.Reading;
using Proxy.Host.Contracts;

namespace Proxy.Host.Cli.Output;

/// <summary>Differences of configurations for people, a line per key.</summary>
internal static class DifferenceText
{
    /// <summary>Writes one: <c>+</c> before a key that is new, <c>-</c> before one that is gone, <c>~</c> before one whose value differs.</summary>
    public static string Line(PostedDifference difference) =>
        Printable.Escape(
            difference.Running is null ? $"+ {difference.Path}: {Text(difference.Posted)}"
            : difference.Posted is null ? $"- {difference.Path}: {Text(difference.Running)}"
            : $"~ {difference.Path}: {Text(difference.Running)} -> {Text(difference.Posted)}"
        );

    private static string Text(JsonNode? value) => value?.ToJsonString() ?? "null";
}
