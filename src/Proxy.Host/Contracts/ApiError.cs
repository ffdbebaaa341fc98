namespace Proxy.Host.Contracts;

/// <summary>The body of every error answer of the API.</summary>
/// <param name="Error">What is wrong, and what would be right.</param>
internal sealed record ApiError(string Error);
