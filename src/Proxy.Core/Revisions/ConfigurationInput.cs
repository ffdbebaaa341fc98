using Microsoft.Extensions.Configuration;

namespace Proxy.Revisions;

/// <summary>Where the configuration is read from.</summary>
/// <param name="Configuration">The root of a whole document, or the section of an embedding application.</param>
/// <param name="WholeDocument">Which of both.</param>
internal sealed record ConfigurationInput(IConfiguration Configuration, bool WholeDocument);
